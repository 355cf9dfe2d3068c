//! What connectors of Microsoft's do to accounts elsewhere: SAP's functions, rows of Dataverse, who owns flows, Azure's paths.

use super::tests::{judged, kinds, map, operation, reference, request};
use workflow::{Platform, Step, Value};

fn call(name: &str, body: Value) -> Step {
    operation("sap", "callRfc", map(vec![("rfcName", Value::text(name)), ("body", body)]))
}

#[test]
fn a_function_of_sap_is_known_by_its_name() {
    let who = || map(vec![("USERNAME", reference("name"))]);
    let of = |name: &str| kinds(Platform::LogicApps, call(name, who()));
    assert_eq!(of("BAPI_USER_UNLOCK"), ["enable sap"]);
    assert_eq!(of("BAPI_USER_LOCK"), ["disable sap"]);
    assert_eq!(of("BAPI_USER_CREATE1"), ["create-identity sap", "issue-credential sap"]);
    assert_eq!(of("BAPI_USER_ACTGROUPS_ASSIGN"), ["grant sap", "revoke sap"]);
    assert_eq!(of("BAPI_USER_CHANGE"), ["update-identity sap"]);
    assert_eq!(of("BAPI_USER_GET_DETAIL"), ["read sap"]);
    assert_eq!(of("BAPI_GOODSMVT_CREATE"), ["write sap"]);
    assert_eq!(of("Z_CREATE_ORDER"), ["opaque sap"]);
    assert_eq!(of("SUSR_ANYTHING"), ["opaque sap"]);
    assert_eq!(
        judged(Platform::LogicApps, call("BAPI_USER_UNLOCK", who())).target.identity,
        [reference("name")]
    );
    let password = map(vec![("USERNAME", Value::text("ADA")), ("PASSWORD", reference("new"))]);
    let changed = kinds(Platform::LogicApps, call("BAPI_USER_CHANGE", password));
    assert_eq!(changed, ["update-identity sap", "reset-credential sap"]);
    let unknown = operation("sap", "callRfc", map(vec![("rfcName", reference("function")), ("body", who())]));
    assert!(kinds(Platform::LogicApps, unknown).contains(&"opaque sap".to_owned()));
}

#[test]
fn the_managed_connector_of_sap_names_the_function_in_the_query() {
    let of = |path: &str, key: &str, name: &str| {
        let queries = map(vec![(key, Value::text(name))]);
        kinds(
            Platform::LogicApps,
            operation("sap", path, map(vec![("queries", queries), ("body", reference("xml"))])),
        )
    };
    assert_eq!(of("POST /CallRfc", "rfcName", "BAPI_USER_LOCK:Lock user:SU_USER"), ["disable sap"]);
    let action = "http://Microsoft.LobServices.Sap/2007/03/Rfc/BAPI_USER_DELETE";
    assert_eq!(of("POST /Send", "sapAction", action), ["delete-identity sap"]);
    assert_eq!(of("POST /SendIDoc", "idocType", "ORDERS05"), ["write sap"]);
    assert_eq!(of("POST /SomethingNew", "a", "b"), ["opaque sap"]);
}

#[test]
fn what_a_row_of_a_user_is_given_decides() {
    let of = |table: &str, key: &str, value: Value| {
        let given = map(vec![("entityName", Value::text(table)), (key, value)]);
        kinds(
            Platform::PowerAutomate,
            operation("shared_commondataserviceforapps", "UpdateOnlyRecord", given),
        )
    };
    assert_eq!(of("systemusers", "item/isdisabled", Value::Bool(true)), ["disable dataverse"]);
    assert_eq!(of("systemusers", "item/isdisabled", Value::Bool(false)), ["enable dataverse"]);
    assert_eq!(of("systemusers", "item/title", Value::text("Dr")), ["update-identity dataverse"]);
    let any = ["enable dataverse", "disable dataverse", "update-identity dataverse"];
    assert_eq!(of("systemusers", "item/isdisabled", reference("off")), any);
    assert_eq!(of("systemusers", "item", reference("row")), any);
    assert_eq!(of("workflows", "item/statecode", Value::text("1")), ["change-policy dataverse"]);
    assert_eq!(of("contacts", "item/name", Value::text("A")), ["write dataverse"]);
}

#[test]
fn owners_of_flows_and_their_signed_addresses_are_access() {
    let of = |name: &str, key: &str| {
        let given = map(vec![("flowName", Value::text("f")), (key, reference("who"))]);
        judged(Platform::PowerAutomate, operation("shared_flowmanagement", name, given))
    };
    let put = of("ModifyFlowOwners", "body/put");
    assert_eq!(
        (put.effects[0].kind.as_str(), put.effects[0].system.as_str()),
        ("change-policy", "power-platform")
    );
    assert_eq!(put.target.identity, [reference("who")]);
    assert_eq!(of("ModifyFlowOwners", "body/delete").effects[0].kind.as_str(), "revoke");
    assert_eq!(of("ListCallbackUrl", "x").effects[0].kind.as_str(), "read-secret");
    let admin = |name: &str| {
        kinds(Platform::PowerAutomate, operation("shared_powerplatformadminv2", name, Value::Null))
    };
    for changed in ["UpdateSiteVisibility", "UpdateRuleSet", "CreateEnvironmentRuleBasedAssignment"] {
        assert_eq!(admin(changed), ["change-policy power-platform"], "{changed}");
    }
    assert_eq!(admin("ListRuleSets"), ["read power-platform"]);
    assert_eq!(admin("SomethingNew"), ["opaque logicapps"]);
}

#[test]
fn a_path_handed_on_to_azure_is_judged_as_a_request() {
    let of = |method: &str, path: &str| {
        let address =
            format!("https://management.azure.com/subscriptions/s/resourcegroups/g/providers/{path}");
        let mut step = request(method, Value::text(address), Value::Null);
        step.connector = "arm".into();
        step.operation = format!("{method} /subscriptions/s/resourcegroups/g/providers/{path}").into();
        step.request.as_mut().unwrap().governed = true;
        kinds(Platform::LogicApps, step)
    };
    assert_eq!(of("DELETE", "Microsoft.Authorization/roleAssignments/1"), ["revoke azure"]);
    assert_eq!(of("PUT", "Microsoft.Authorization/roleDefinitions/1"), ["change-policy azure"]);
    assert_eq!(of("POST", "Microsoft.Storage/storageAccounts/a/listKeys"), ["read-secret azure"]);
    assert_eq!(of("POST", "Microsoft.Logic/workflows/w/disable"), ["change-policy azure"]);
    assert_eq!(of("PUT", "Microsoft.Nobody/knows/x"), ["opaque azure"]);
}

#[test]
fn rules_of_a_firewall_and_look_ups_in_a_sandbox_are_known() {
    let rule = "https://asa.example.com/api/access/in/outside/rules";
    assert_eq!(
        kinds(Platform::LogicApps, request("POST", Value::text(rule), Value::Null)),
        ["remediate cisco-asa"]
    );
    let verdict = operation("paloaltowildfire", "POST /get/verdict", Value::Null);
    assert_eq!(kinds(Platform::LogicApps, verdict), ["read logicapps"]);
}
