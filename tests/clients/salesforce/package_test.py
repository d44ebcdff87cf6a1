"""Goal: integrations/salesforce can be deployed. Method: what an organisation would refuse without running anything is
looked for here: every file well-formed and of the type its name says, every name that is used defined in the package,
one API version, the manifest complete, no secret anywhere, and an Apex test of the cases that matter.

    package_test.py
"""

import json
import pathlib
import re
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "integrations" / "salesforce"
SOURCE = PACKAGE / "force-app" / "main" / "default"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"

# Folder: suffix of its files, root element, name in the manifest.
TYPES = {
    "objects/Lead/fields": ("field", "CustomField", "CustomField"),
    "externalCredentials": ("externalCredential", "ExternalCredential", "ExternalCredential"),
    "namedCredentials": ("namedCredential", "NamedCredential", "NamedCredential"),
    "remoteSiteSettings": ("remoteSite", "RemoteSiteSetting", "RemoteSiteSetting"),
    "permissionsets": ("permissionset", "PermissionSet", "PermissionSet"),
    "flows": ("flow", "Flow", "Flow"),
    "classes": ("cls", "ApexClass", "ApexClass"),
    "triggers": ("trigger", "ApexTrigger", "ApexTrigger"),
}


def files(folder):
    suffix, _, _ = TYPES[folder]
    return {path.name.removesuffix(f".{suffix}-meta.xml"): path
            for path in sorted((SOURCE / folder).glob(f"*.{suffix}-meta.xml"))}


def parsed(path):
    return ElementTree.parse(path).getroot()


def values(root, *path):
    return [item.text for item in root.iterfind("/".join(SPACE + part for part in path))]


def value(root, *path):
    found = values(root, *path)
    assert len(found) == 1, f"{path}: {found}"
    return found[0]


def parameters(root, kind):
    """Of a credential: by their type."""
    wanted = []
    for name in ("externalCredentialParameters", "namedCredentialParameters"):
        for item in root.iterfind(SPACE + name):
            if item.findtext(SPACE + "parameterType") == kind:
                wanted.append({child.tag.removeprefix(SPACE): child.text for child in item})
    return wanted


class Package(unittest.TestCase):
    def test_every_file_is_of_a_known_type_and_well_formed(self):
        known = {path for folder in TYPES for path in files(folder).values()}
        sources = {path.with_name(path.name.removesuffix("-meta.xml"))
                   for folder in ("classes", "triggers") for path in files(folder).values()}
        self.assertEqual({path for path in SOURCE.rglob("*") if path.is_file()}, known | sources)
        for folder, (_, element, _) in TYPES.items():
            self.assertTrue(files(folder), folder)
            for path in files(folder).values():
                self.assertEqual(parsed(path).tag, SPACE + element, path)
        for path in sources:
            self.assertTrue(path.read_text().strip(), path)

    def test_the_manifest_names_every_member_once(self):
        manifest = parsed(PACKAGE / "manifest" / "package.xml")
        listed = {value(item, "name"): values(item, "members") for item in manifest.iterfind(SPACE + "types")}
        expected = {}
        for folder, (_, _, kind) in TYPES.items():
            prefix = "Lead." if kind == "CustomField" else ""
            expected[kind] = [prefix + name for name in files(folder)]
        self.assertEqual({kind: sorted(names) for kind, names in listed.items()}, expected)

    def test_one_api_version(self):
        version = json.loads((PACKAGE / "sfdx-project.json").read_text())["sourceApiVersion"]
        self.assertRegex(version, r"^\d{2}\.0$")
        self.assertEqual(value(parsed(PACKAGE / "manifest" / "package.xml"), "version"), version)
        for folder in ("classes", "triggers", "flows"):
            for path in files(folder).values():
                self.assertEqual(value(parsed(path), "apiVersion"), version, path)

    def test_the_project_file_names_the_folder(self):
        project = json.loads((PACKAGE / "sfdx-project.json").read_text())
        for directory in project["packageDirectories"]:
            self.assertTrue((PACKAGE / directory["path"]).is_dir())

    def test_fields_are_what_the_target_maps_by_default(self):
        settings = (ROOT / "net" / "targets" / "salesforce_settings.cpp").read_text()
        mapped = {f"HG_Likelihood_to_Buy_{part}__c" for part in ("Score", "Segment", "Signals")}
        for name in mapped:
            self.assertIn(f'"{name}"', settings)
        self.assertEqual(set(files("objects/Lead/fields")), mapped)
        fields = {name: parsed(path) for name, path in files("objects/Lead/fields").items()}
        for name, field in fields.items():
            self.assertEqual(value(field, "fullName"), name)
        score = fields["HG_Likelihood_to_Buy_Score__c"]
        self.assertEqual([value(score, "type"), value(score, "precision"), value(score, "scale")],
                         ["Number", "18", "0"])
        segment = fields["HG_Likelihood_to_Buy_Segment__c"]
        self.assertEqual(values(segment, "valueSet", "valueSetDefinition", "value", "fullName"),
                         ["very high", "high", "medium", "low"])
        signals = fields["HG_Likelihood_to_Buy_Signals__c"]
        self.assertEqual([value(signals, "type"), value(signals, "length"), value(signals, "visibleLines")],
                         ["LongTextArea", "1024", "10"])

    def test_permission_sets_name_what_is_in_the_package(self):
        fields = {f"Lead.{name}" for name in files("objects/Lead/fields")}
        for name, path in files("permissionsets").items():
            root = parsed(path)
            self.assertEqual(set(values(root, "fieldPermissions", "field")), fields, name)
            for apex in values(root, "classAccesses", "apexClass"):
                self.assertIn(apex, files("classes"))
            for principal in values(root, "externalCredentialPrincipalAccesses", "externalCredentialPrincipal"):
                credential, _, principal_name = principal.partition("-")
                self.assertIn(credential, files("externalCredentials"))
                named = parameters(parsed(files("externalCredentials")[credential]), "NamedPrincipal")
                self.assertIn(principal_name, [item["parameterName"] for item in named])
        callers = parsed(files("permissionsets")["HG_Live_Scoring"])
        self.assertEqual(set(values(callers, "fieldPermissions", "editable")), {"false"})
        self.assertTrue(values(callers, "externalCredentialPrincipalAccesses", "externalCredentialPrincipal"))
        writer = parsed(files("permissionsets")["Leadlight_Integration"])
        self.assertEqual(set(values(writer, "fieldPermissions", "editable")), {"true"})
        self.assertEqual(value(writer, "objectPermissions", "allowDelete"), "false")

    def test_the_custom_header_carries_the_key_and_nothing_else_does(self):
        credential = parsed(files("externalCredentials")["HG_Insights"])
        header, = parameters(credential, "AuthHeader")
        self.assertEqual(header["parameterName"], "Authorization")
        self.assertEqual(header["parameterValue"], "{!$Credential.HG_Insights.Authorization}")
        named = parsed(files("namedCredentials")["HG_Insights_API"])
        self.assertEqual(value(named, "generateAuthorizationHeader"), "false")
        self.assertEqual(value(named, "allowMergeFieldsInHeader"), "true")
        authentication, = parameters(named, "Authentication")
        self.assertIn(authentication["externalCredential"], files("externalCredentials"))

    def test_addresses_are_scheme_and_host_only_and_the_same(self):
        named = parsed(files("namedCredentials")["HG_Insights_API"])
        url, = parameters(named, "Url")
        self.assertRegex(url["parameterValue"], r"^https://[a-z.]+$")
        self.assertEqual(value(parsed(files("remoteSiteSettings")["HG_Insights_API"]), "url"), url["parameterValue"])

    def test_the_flow_guards_the_email_and_calls_what_exists(self):
        flow = parsed(files("flows")["HG_Score_Lead_On_Status_Change"])
        elements = set(values(flow, "actionCalls", "name")) | set(values(flow, "decisions", "name"))
        targets = [item.text for item in flow.iter(SPACE + "targetReference")]
        self.assertTrue(set(targets) <= elements, targets)
        self.assertEqual(set(targets), elements, "an element that nothing leads to")
        self.assertEqual(value(flow, "actionCalls", "actionType"), "apex")
        self.assertIn(value(flow, "actionCalls", "actionName"), files("classes"))
        self.assertEqual(value(flow, "start", "object"), "Lead")
        self.assertEqual(value(flow, "start", "recordTriggerType"), "Update")
        self.assertEqual([value(flow, "start", "filters", "field"), value(flow, "start", "filters", "operator")],
                         ["Status", "IsChanged"])
        # A callout in the transaction that saves the Lead is refused.
        self.assertEqual(value(flow, "start", "scheduledPaths", "pathType"), "AsyncAfterCommit")
        guard = value(flow, "start", "scheduledPaths", "connector", "targetReference")
        self.assertIn(guard, values(flow, "decisions", "name"))
        self.assertEqual(value(flow, "decisions", "rules", "conditions", "leftValueReference"), "$Record.Email")
        self.assertEqual(value(flow, "decisions", "rules", "conditions", "operator"), "IsNull")
        self.assertEqual(value(flow, "decisions", "rules", "conditions", "rightValue", "booleanValue"), "false")
        # Flow and trigger together would ask twice.
        self.assertEqual(value(flow, "status"), "Draft")
        self.assertEqual(value(parsed(files("triggers")["LeadlightLiveScoringTrigger"]), "status"), "Active")

    def test_apex_calls_through_the_named_credential_after_the_transaction(self):
        apex = (SOURCE / "classes" / "LeadlightLiveScoring.cls").read_text()
        endpoint, = re.findall(r"'callout:([A-Za-z_]+)(/[^']*)'", apex)
        self.assertIn(endpoint[0], files("namedCredentials"))
        self.assertEqual(endpoint[1], "/data-api/v2/scoring/behavioral/live")
        self.assertIn("@future(callout=true)", apex)
        self.assertRegex(apex, r"@InvocableMethod\([^)]*callout=true")
        self.assertNotIn("Authorization", apex)
        for text in apex, (SOURCE / "triggers" / "LeadlightLiveScoringTrigger.trigger").read_text():
            self.assertEqual(text.count("{"), text.count("}"))
            self.assertEqual(text.count("("), text.count(")"))
        # Addresses are personal data; a debug log is read by many.
        for line in re.findall(r"System\.debug\((.*)\);", apex):
            self.assertNotRegex(line, r"\bemail\b")

    def test_the_apex_test_covers_a_bulk_of_200_with_duplicates_and_blanks(self):
        text = (SOURCE / "classes" / "LeadlightLiveScoringTest.cls").read_text()
        self.assertEqual(text.count("{"), text.count("}"))
        self.assertIn("@IsTest", text)
        self.assertIn("HttpCalloutMock", text)
        blanks, pairs = (int(number) for number in re.findall(r"for \(Integer i = 0; i < (\d+); i\+\+\)", text))
        self.assertEqual(blanks + 2 * pairs, 200)
        self.assertIn(f"assertEquals({pairs}, mock.requests.size()", text)
        for case in ("401", "CalloutException", "HG_Likelihood_to_Buy_Score__c", "scoreFromFlow"):
            self.assertIn(case, text)
        for field in set(re.findall(r"\b(\w+__c)\b", text)):
            self.assertIn(field, files("objects/Lead/fields"))

    def test_nothing_secret_and_nobodys_address(self):
        for path in PACKAGE.rglob("*"):
            if not path.is_file():
                continue
            text = path.read_text()
            self.assertNotRegex(text, r"hg_v2_[A-Za-z0-9]{8}", path)
            self.assertNotRegex(text, r"Bearer [A-Za-z0-9_]{12}", path)
            self.assertNotIn("PRIVATE KEY", text, path)
            for address in re.findall(r"[\w.+-]+@[\w-]+\.[\w.]+", text):
                self.assertRegex(address.lower(), r"@(example\.(com|org|net))$", path)


if __name__ == "__main__":
    unittest.main()
