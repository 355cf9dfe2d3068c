//! What calls of AWS services do, as Step Functions makes them: the operations whose name or whose service's wildcard
//! would say less than they do.

#![allow(clippy::panic, reason = "a test whose input is not there has failed")]

use check::classify;
use import::{NoFiles, Verdict, import};

/// The effects of a task with these parameters.
fn does(resource: &str, parameters: &str) -> String {
    let text = format!(
        r#"{{"StartAt": "Do", "States": {{"Do": {{"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::{resource}", "Parameters": {parameters}}}}}}}"#
    );
    let Verdict::Workflows(mut workflows) = import("do.asl.json", text.as_bytes(), &NoFiles).verdict else {
        panic!("no workflow")
    };
    workflows.iter_mut().for_each(classify);
    let steps = workflows.iter().flat_map(|w| &w.steps).filter(|s| &*s.name == "Do");
    let mut kinds: Vec<String> = steps.flat_map(|s| &s.effects).map(|e| e.kind.to_string()).collect();
    kinds.sort();
    kinds.join(" ")
}

/// Each with its parameters and its effects.
fn all(calls: &[(&str, &str, &str)]) {
    for (operation, parameters, effects) in calls {
        assert_eq!(does(&format!("aws-sdk:{operation}"), parameters), *effects, "{operation} {parameters}");
    }
}

#[test]
fn what_is_stored_to_run_later_is_what_it_runs() {
    let universal = r#"{"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:iam:attachUserPolicy"}}"#;
    let dressed = r#"{"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sns:addPermission"}}"#;
    all(&[
        ("scheduler:createSchedule", universal, "opaque"),
        ("scheduler:createSchedule", dressed, "opaque"),
        (
            "scheduler:updateSchedule",
            r#"{"Target": {"Arn": "arn:aws:lambda:eu-west-1:1:function:f"}}"#,
            "code",
        ),
        ("scheduler:createSchedule", r#"{"Target": {"Arn": "arn:aws:states:eu-west-1:1:x"}}"#, "call"),
        ("scheduler:createSchedule", r#"{"Target": {"Arn": "arn:aws:sqs:eu-west-1:1:q"}}"#, "write"),
        ("scheduler:createSchedule", r#"{"Target": {"Arn": "arn:aws:sns:eu-west-1:1:t"}}"#, "notify"),
        ("scheduler:deleteSchedule", r#"{"Name": "s"}"#, "write"),
        ("scheduler:createSchedule", r#"{"Target": {"Arn.$": "$.arn"}}"#, "call code notify opaque write"),
        ("pipes:createPipe", r#"{"Target": "arn:aws:ssm:eu-west-1:1:x"}"#, "opaque"),
        ("pipes:createPipe", r#"{"Target": "arn:aws:sqs:eu-west-1:1:q"}"#, "write"),
        ("pipes:updatePipe", r#"{"Target": "arn:aws:sqs:eu-west-1:1:q", "Enrichment": "f"}"#, "code write"),
        ("eventbridge:putTargets", r#"{"Targets": [{"Arn": "arn:aws:ssm:eu-west-1::x"}]}"#, "opaque"),
        ("eventbridge:putTargets", r#"{"Targets": [{"Arn": "arn:aws:lambda:eu-west-1:1:f"}]}"#, "code"),
        ("eventbridge:putRule", r#"{"Name": "r"}"#, "write"),
    ]);
}

#[test]
fn code_that_is_kept_elsewhere_is_code() {
    all(&[
        ("sfn:testState", "{}", "code"),
        ("sfn:redriveExecution", "{}", "call"),
        ("apigateway:testInvokeMethod", "{}", "opaque"),
        ("servicecatalog:provisionProduct", "{}", "code"),
        ("glue:startWorkflowRun", "{}", "code"),
        ("glue:startCrawler", "{}", "write"),
        ("fis:startExperiment", "{}", "code"),
        ("ec2:runInstances", r#"{"ImageId": "ami-1"}"#, "write"),
        ("ec2:runInstances", r#"{"UserData": "IyE=", "IamInstanceProfile": {"Name": "p"}}"#, "code grant"),
        ("ec2:modifyInstanceAttribute", r#"{"Groups": ["sg-1"]}"#, "remediate"),
        ("ec2:modifyInstanceAttribute", r#"{"UserData": {"Value": "IyE="}}"#, "code"),
        ("bedrockruntime:startAsyncInvoke", "{}", "write"),
    ]);
    assert_eq!(does("sagemaker:createProcessingJob.sync", "{}"), "code");
    assert_eq!(does("sagemaker:createTransformJob.sync", "{}"), "write");
    assert_eq!(does("bedrock:invokeModel", r#"{"ModelId": "m"}"#), "read");
    assert_eq!(does("bedrock:invokeModel", r#"{"ModelId": "m", "Output": {"S3Uri": "s3://b/o"}}"#), "write");
}

#[test]
fn a_wildcard_of_a_service_hides_no_change_of_access() {
    all(&[
        ("dynamodb:putResourcePolicy", "{}", "change-policy"),
        ("cloudwatchlogs:putDestinationPolicy", "{}", "change-policy"),
        ("ssmincidents:deleteResourcePolicy", "{}", "change-policy"),
        ("wafv2:putPermissionPolicy", "{}", "change-policy"),
        ("shield:associateDRTRole", "{}", "grant"),
        ("shield:disassociateDRTLogBucket", "{}", "revoke"),
        ("inspector2:enableDelegatedAdminAccount", "{}", "grant"),
        ("macie2:disableOrganizationAdminAccount", "{}", "revoke"),
        ("macie2:updateFindingsFilter", "{}", "remediate"),
        ("servicecatalog:createPortfolioShare", "{}", "grant"),
        ("servicecatalog:createProduct", "{}", "write"),
        ("opensearch:updateDomainConfig", r#"{"AccessPolicies": "{}"}"#, "change-policy"),
        ("opensearch:updateDomainConfig", r#"{"ClusterConfig": {}}"#, "write"),
        ("redshift:modifyCluster", r#"{"MasterUserPassword.$": "$.p"}"#, "reset-credential"),
        ("sagemaker:createUserProfile", "{}", "create-identity"),
        ("sagemaker:createPresignedDomainUrl", "{}", "issue-credential"),
        ("location:createKey", "{}", "issue-credential"),
        ("location:deleteKey", "{}", "revoke-credential"),
        ("location:batchPutGeofence", "{}", "write"),
        ("location:startJob", "{}", "write"),
        ("location:getJob", "{}", "read"),
        ("location:calculateRoute", "{}", "read"),
        ("s3:putObject", r#"{"Bucket": "b", "Key": "k", "Body": "x"}"#, "write"),
        ("s3:putObject", r#"{"Bucket": "b", "Key": "k", "ACL": "public-read"}"#, "grant write"),
    ]);
}

#[test]
fn what_hands_out_a_secret_is_no_read() {
    all(&[
        ("sts:getWebIdentityToken", "{}", "read-secret"),
        ("lakeformation:getTemporaryGlueTableCredentials", "{}", "read-secret"),
        ("lightsail:downloadDefaultKeyPair", "{}", "read-secret"),
        ("acme:getSessionCredentials", "{}", "read-secret"),
        ("acme:getAuthorizationToken", "{}", "read-secret"),
        ("apigateway:getApiKey", r#"{"ApiKey": "k"}"#, "read"),
        ("apigateway:getApiKey", r#"{"ApiKey": "k", "IncludeValue": true}"#, "read-secret"),
        ("bedrockagentcore:getResourceOauth2Token", "{}", "read-secret"),
        ("mwaa:createCliToken", "{}", "issue-credential"),
    ]);
}

#[test]
fn members_grants_and_approvals_of_services_are_known() {
    all(&[
        ("codepipeline:putApprovalResult", "{}", "decide"),
        ("ssm:sendAutomationSignal", r#"{"SignalType": "Approve"}"#, "decide"),
        ("ssm:sendAutomationSignal", r#"{"SignalType": "Resume"}"#, "code"),
        ("opensearchserverless:updateAccessPolicy", "{}", "change-policy"),
        ("workdocs:addResourcePermissions", "{}", "grant"),
        ("chime:batchSuspendUser", "{}", "disable"),
        ("memorydb:updateACL", r#"{"UserNamesToRemove": ["a"]}"#, "revoke"),
        ("datazone:createProjectMembership", "{}", "grant"),
        ("iot:attachPolicy", "{}", "grant"),
        ("iot:updateCertificate", r#"{"NewStatus": "REVOKED"}"#, "revoke-credential"),
        ("codeartifact:putDomainPermissionsPolicy", "{}", "change-policy"),
        ("s3tables:putTablePolicy", "{}", "change-policy"),
        ("securityhub:disassociateMembers", "{}", "revoke"),
        ("lightsail:createKeyPair", "{}", "issue-credential"),
        ("licensemanager:createGrant", "{}", "grant"),
    ]);
}
