"""Files of the project, temporary files, applets, and the record of changes."""

import filecmp

import tator
from tator.util._download_file import _download_file

from .suite import Day, equal, exhausted, finished, refused, step


@step("keeps a file with its attributes, and replaces its content")
def project_file(day: Day) -> None:
    api, project = day.api, day["project"]
    addition = {"entity_type": "FileType", "addition": {"name": "Kind", "dtype": "string"}}
    api.create_attribute_type(day["file type"], attribute_type_spec=addition)
    with open(day.path("sheet.txt"), "w") as file:
        file.write("one\n" * 1000)
    file = finished(
        tator.util.upload_generic_file(
            api, day["file type"], day.path("sheet.txt"), "A sheet", attributes={"Kind": "log"}
        )
    )
    equal((file.name, file.description, file.attributes["Kind"]), ("sheet.txt", "A sheet", "log"))
    exhausted(_download_file(api, project, file.path, day.path("sheet back.txt")))
    assert filecmp.cmp(day.path("sheet.txt"), day.path("sheet back.txt"), shallow=False)
    api.update_file(file.id, file_update={"description": "The sheet"})
    [listed] = api.get_file_list(project, attribute=["Kind::log"])
    equal((listed.id, listed.type, listed.description), (file.id, day["file type"], "The sheet"))
    api.delete_file(file.id)
    refused(404, lambda: api.get_file(file.id))


@step("keeps a temporary file")
def temporary_file(day: Day) -> None:
    api, project = day.api, day["project"]
    response = finished(tator.util.upload_temporary_file(api, project, day.path("sheet.txt"), lookup="sheet"))
    kept = api.get_temporary_file(response.id)
    equal((kept.name, kept.lookup), ("sheet.txt", "sheet"))
    exhausted(tator.util.download_temporary_file(api, kept, day.path("sheet temporary.txt")))
    assert filecmp.cmp(day.path("sheet.txt"), day.path("sheet temporary.txt"), shallow=False)
    assert response.id in [one.id for one in api.get_temporary_file_list(project)]
    api.delete_temporary_file(response.id)
    refused(404, lambda: api.get_temporary_file(response.id))
    finished(tator.util.upload_temporary_file(api, project, day.path("sheet.txt"), lookup="sheet"))
    api.delete_temporary_file_list(project)
    equal(api.get_temporary_file_list(project), [])


@step("registers an applet and gives it a new page")
def applet(day: Day) -> None:
    api, project = day.api, day["project"]
    for name, text in (("page.html", "<h1>Dives</h1>"), ("page2.html", "<h1>Dives, again</h1>")):
        with open(day.path(name), "w") as file:
            file.write(text)
    tator.util.register_applet(day.host, day.token, project, day.path("page.html"), "Overview", ["tools"], "All")
    [listed] = api.get_applet_list(project)
    equal((listed.name, listed.categories, listed.description), ("Overview", ["tools"], "All"))
    tator.util.update_applet(day.host, day.token, listed.id, day.path("page2.html"), applet_name="Overview 2")
    changed = api.get_applet(listed.id)
    equal(changed.name, "Overview 2")
    assert changed.html_file != listed.html_file
    api.delete_applet(listed.id)
    equal(api.get_applet_list(project), [])


@step("tells who changed what")
def change_log(day: Day) -> None:
    api, project = day.api, day["project"]
    api.update_media(day["second"], media_update={"attributes": {"Dive": "D9"}})
    log = api.get_change_log_list(project, entity_type="media", entity_id=day["second"])
    equal(log[-1].user, day["user"])
    assert "D9" in str(log[-1].description_of_change)
