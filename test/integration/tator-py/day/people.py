"""Organizations, the people in them, and what an organization has beside its projects."""

import glob
import re

import requests
import tator

from .suite import Day, equal, refused, step, until


def person(name: str, **more) -> dict:
    return {
        "username": name,
        "first_name": name.title(),
        "last_name": "Diver",
        "email": f"{name}@example.org",
        "password": "deep-sea-123",
        **more,
    }


def mail_with(day: Day, text: str) -> str:
    """The mail that holds a text, as it arrived but for the folds of long lines."""

    def found():
        for path in sorted(glob.glob(day.path("mail-*.txt"))):
            with open(path, newline="") as file:
                mail = file.read().replace("=\r\n", "").replace("=3D", "=")
            if text in mail:
                return mail
        return None

    return until(found, 20)


@step("edits an organization and gives it a picture")
def organizations(day: Day) -> None:
    api, organization = day.api, day["organization"]
    update = {"default_membership_permission": "View Only"}
    api.update_organization(organization, update)
    equal(api.get_organization(organization).default_membership_permission, "View Only")
    assert organization in [one.id for one in api.get_organization_list()]
    place = api.get_organization_upload_info(organization)
    assert requests.put(place.urls[0], data=b"logo").ok
    api.update_organization(organization, {"thumb": place.key})
    equal(requests.get(api.get_organization(organization).thumb).content, b"logo")
    api.update_organization(organization, {"default_membership_permission": "No Access"})
    spare = api.create_organization({"name": "Spare"}).id
    api.delete_organization(spare)
    refused(403, lambda: day["ana"].update_organization(organization, {"name": "Mine"}))
    assert spare not in [one.id for one in api.get_organization_list()]


@step("takes a user into an organization, up, and out again")
def affiliations(day: Day) -> None:
    api, organization = day.api, day["organization"]
    user = api.create_user(person("ben")).id
    made = api.create_affiliation(organization, {"user": user, "permission": "Member"}).id
    equal(api.get_affiliation(made).user_id, user)
    api.update_affiliation(made, {"permission": "Admin"})
    equal({one.user_id: one.permission for one in api.get_affiliation_list(organization)}[user], "Admin")
    api.delete_affiliation(made)
    refused(404, lambda: api.get_affiliation(made))


@step("invites somebody, who registers with the token of the invitation")
def invitations(day: Day) -> None:
    api, organization = day.api, day["organization"]
    made = api.create_invitation(organization, {"email": "cleo@example.org", "permission": "Member"}).id
    api.update_invitation(made, {"permission": "Admin"})
    invitation = api.get_invitation(made)
    equal((invitation.status, invitation.permission), ("Pending", "Admin"))
    assert invitation.registration_token in mail_with(day, "registration_token=")
    stranger = tator.get_api(day.host)
    user = stranger.create_user(person("cleo", registration_token=invitation.registration_token)).id
    equal([one.status for one in api.get_invitation_list(organization)], ["Accepted"])
    equal({one.user_id: one.permission for one in api.get_affiliation_list(organization)}[user], "Admin")
    day["cleo"] = user
    other = api.create_invitation(organization, {"email": "dan@example.org", "permission": "Member"}).id
    api.delete_invitation(other)
    refused(404, lambda: api.get_invitation(other))


@step("edits a user, finds users, and lets one set a new password by mail")
def users(day: Day) -> None:
    api, user = day.api, day["cleo"]
    api.update_user(day["user"], {"email": "master@example.org", "set_profile_keys": {"Watch": "night"}})
    me = api.get_user(day["user"])
    equal((me.email, me.profile["Watch"]), ("master@example.org", "night"))
    equal([one.id for one in api.get_user_list(username="cleo")], [user])
    refused(400, lambda: api.get_user_list())
    api.create_password_reset({"email": "cleo@example.org"})
    [token] = re.findall(r"reset_token=([\w-]+)", mail_with(day, "reset_token="))[:1]
    tator.get_api(day.host).update_user(user, {"password": "another-sea-456", "reset_token": token})
    name = {"username": "cleo", "password": "another-sea-456"}
    assert tator.get_api(day.host).create_obtain_auth_token(name).token


@step("changes what a member may do, and ends a membership")
def memberships(day: Day) -> None:
    api = day.api
    api.update_membership(day["membership"], {"permission": "View Only"})
    equal(api.get_membership(day["membership"]).permission, "View Only")
    api.update_membership(day["membership"], {"permission": "Can Edit"})
    other = api.create_membership(day["project"], {"user": day["cleo"], "permission": "Can Edit"}).id
    api.delete_membership(other)
    refused(404, lambda: api.get_membership(other))


@step("keeps groups and the rights of a group on a version")
def groups(day: Day) -> None:
    api, organization = day.api, day["organization"]
    group = api.create_group(organization, {"name": "Night watch", "initial_members": [day["cleo"]]}).id
    api.update_group(group, {"name": "Day watch", "add_members": [day["user"]], "remove_members": [day["cleo"]]})
    equal((api.get_group(group).name, api.get_group(group).members), ("Day watch", [day["user"]]))
    equal([one.id for one in api.get_group_list(organization, user=day["user"])], [group])
    right = api.create_row_protection({"version": day["baseline"], "group": group, "permission": 3}).id
    api.update_row_protection(right, {"permission": 255})
    protection = api.get_row_protection(right)
    equal((protection.version, protection.group, protection.permission), (day["baseline"], group, 255))
    assert right in [one.id for one in api.get_row_protection_list(version=day["baseline"])]
    api.delete_row_protection(right)
    refused(404, lambda: api.get_row_protection(right))
    api.delete_group(group)
    refused(404, lambda: api.get_group(group))


@step("keeps buckets, job clusters and hosted templates, and never shows their secrets")
def possessions(day: Day) -> None:
    api, organization = day.api, day["organization"]
    keys = {"region_name": "r", "aws_access_key_id": "tide", "aws_secret_access_key": "high-water"}
    config = {"endpoint_url": "https://s3.example.org", **keys}
    bucket = api.create_bucket(organization, {"name": "deep", "store_type": "AWS", "config": config}).id
    api.update_bucket(bucket, {"archive_sc": "STANDARD"})
    equal((api.get_bucket(bucket).name, api.get_bucket(bucket).archive_sc), ("deep", "STANDARD"))
    equal([one.id for one in api.get_bucket_list(organization)], [bucket])
    assert "high-water" not in str(api.get_bucket(bucket).to_dict())
    api.delete_bucket(bucket)
    refused(404, lambda: api.get_bucket(bucket))

    cluster = {"name": "lab", "host": "k8s.example.org", "port": 6443, "token": "t", "cert": "c"}
    made = api.create_job_cluster(organization, cluster).id
    api.update_job_cluster(made, {**cluster, "name": "lab 2"})
    equal(api.get_job_cluster(made).name, "lab 2")
    equal([one.id for one in api.get_job_cluster_list(organization)], [made])
    api.delete_job_cluster(made)
    refused(404, lambda: api.get_job_cluster(made))

    spec = {"name": "page", "url": "https://example.org/page.html", "tparams": [{"name": "a", "value": "1"}]}
    template = api.create_hosted_template(organization, spec).id
    api.update_hosted_template(template, {**spec, "name": "page 2"})
    equal(api.get_hosted_template(template).name, "page 2")
    equal([one.id for one in api.get_hosted_template_list(organization)], [template])
    api.delete_hosted_template(template)
    refused(404, lambda: api.get_hosted_template(template))


@step("reads announcements, mails members, and notifies the administrators")
def messages(day: Day) -> None:
    api = day.api
    headers = {"Authorization": f"Token {day.token}"}
    url = f"{day.host}/rest/TidemarkHub/Announcements"
    assert requests.post(url, headers=headers, json={"markdown": "**Drill** at noon"}).ok
    [told] = day["ana"].get_announcement_list()
    equal(told.markdown, "**Drill** at noon")
    day["ana"].delete_announcement(told.id)
    equal(day["ana"].get_announcement_list(), [])
    mail = {"recipients": ["ana@example.org"], "subject": "Dive 7", "text": "All 1200 boxes are in."}
    api.send_email(day["project"], mail)
    assert "Subject: Dive 7" in mail_with(day, "All 1200 boxes are in.")
    refused(400, lambda: api.send_email(day["project"], {**mail, "recipients": ["all@example.org"]}))
    api.notify({"message": "The disk is nearly full."})
    assert "master@example.org" in mail_with(day, "The disk is nearly full.")
