"""Algorithms: a workflow that is registered, run and looked after."""

import tator

from .suite import Day, equal, refused, step, until

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


RUNNABLE = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: count-
spec:
  entrypoint: main
  arguments:
    parameters:
      - name: seconds
        value: "0"
  templates:
    - name: main
      script:
        command: [sh]
        source: sleep {{workflow.parameters.seconds}}; echo "media {{workflow.parameters.media_ids}}"
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


@step("runs an algorithm over media in batches, follows its jobs, and cancels others")
def run(day: Day) -> None:
    api, project = day.api, day["project"]
    with open(day.path("count.yaml"), "w") as file:
        file.write(RUNNABLE)
    tator.util.register_algorithm(day.host, day.token, project, day.path("count.yaml"), "count", 1)
    [listed] = api.get_algorithm_list(project)
    known = api.get_algorithm(listed.id)
    keep = {"name": known.name, "user": known.user, "files_per_job": known.files_per_job}
    api.update_algorithm(listed.id, {**keep, "description": "counts"})
    equal(api.get_algorithm(listed.id).description, "counts")
    spec = {"algorithm_name": "count", "media_ids": [day["media"], day["second"]]}
    jobs = api.create_job_list(project, spec).id
    equal(len(jobs), 2)
    ends = lambda: [api.get_job(uid).status for uid in jobs]
    until(lambda: ends() == ["Succeeded", "Succeeded"])
    equal(sorted(one.uid for one in api.get_job_list(project, gid=api.get_job(jobs[0]).gid)), sorted(jobs))
    slow = {**spec, "extra_params": [{"name": "seconds", "value": "60"}]}
    first, second = api.create_job_list(project, slow).id
    gid = api.get_job(first).gid
    api.delete_job(first)
    api.delete_job_list(project, gid=gid)
    left = lambda: [one.status for one in api.get_job_list(project, gid=gid)]
    until(lambda: not any(status in ("Pending", "Running") for status in left()), 30)
    api.delete_algorithm(listed.id)
