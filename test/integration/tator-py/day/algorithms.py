"""Algorithms: a workflow that is registered, run and looked after."""

import tator

from .suite import Day, equal, refused, step

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: greet-
spec:
  entrypoint: greet
  templates:
    - name: greet
      script:
        image: alpine:3
        command: [sh]
        source: echo hello
"""


@step("registers an algorithm from a manifest and edits it")
def register(day: Day) -> None:
    api, project = day.api, day["project"]
    with open(day.path("greet.yaml"), "w") as file:
        file.write(MANIFEST)
    tator.util.register_algorithm(day.host, day.token, project, day.path("greet.yaml"), "greet", 2)
    [listed] = api.get_algorithm_list(project)
    equal((listed.name, listed.files_per_job, listed.user), ("greet", 2, day["user"]))
    assert listed.manifest
    refused(404, lambda: api.create_job_list(project, job_spec={"algorithm_name": "no such", "media_ids": [day["media"]]}))
    equal(api.get_job_list(project), [])
    api.delete_algorithm(listed.id)
    equal(api.get_algorithm_list(project), [])
