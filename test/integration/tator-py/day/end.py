"""Tidying up."""

from .suite import Day, equal, refused, step


@step("deletes a media with what was drawn on it, a type, and the project")
def tidy(day: Day) -> None:
    api, project = day.api, day["project"]
    api.delete_media(day["media"])
    equal(api.get_localization_count(project), 0)
    refused(404, lambda: api.get_media(day["media"]))
    api.delete_localization_type(day["poly"])
    refused(404, lambda: api.get_localization_type(day["poly"]))
    api.delete_project(project)
    refused(404, lambda: api.get_project(project))
