//! Machines in CloudFormation and SAM templates.

use super::*;
use workflow::{CalleeKey, TriggerKind};

#[test]
fn a_definition_in_a_sam_template_is_resolved() {
    let text = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Topic: {Type: String, Default: arn:aws:sns:eu-west-1:1:alerts}
Resources:
  Offboard:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Runtime: python3.12, CodeUri: offboard/}
  Child:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: Z, States: {Z: {Type: Succeed}}}
  Leaver:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: leaver-process
      DefinitionSubstitutions:
        PublishResource: !Sub arn:${AWS::Partition}:states:::sns:publish
      Events:
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
        Finding: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.guardduty], detail-type: [GuardDuty Finding]}}}
        Web: {Type: Api, Properties: {Path: /x, Method: post}}
      Definition:
        StartAt: Run
        States:
          Run: {Type: Task, Resource: !GetAtt Offboard.Arn, Next: Tell}
          Tell:
            Type: Task
            Resource: ${PublishResource}
            Parameters: {TopicArn: !Ref Topic, Message: !Sub "done in ${AWS::Region}"}
            Next: More
          More:
            Type: Task
            Resource: !Join ["", ["arn:", !Ref "AWS::Partition", ":states:::states:startExecution"]]
            Parameters: {StateMachineArn: !Ref Child}
            End: true
"#;
    let found = workflows(import("template.yaml", text.as_bytes(), &NoFiles));
    assert_eq!(found.len(), 2);
    let w = &found[1];
    assert_eq!(w.id.as_deref(), Some("Leaver"));
    assert_eq!(w.aliases, ["leaver-process"]);
    let kinds: Vec<_> = w.triggers.iter().map(|t| (t.kind, t.authenticated)).collect();
    assert_eq!(
        kinds,
        [
            (TriggerKind::Schedule, Some(true)),
            (TriggerKind::Event, Some(true)),
            (TriggerKind::Webhook, Some(false))
        ]
    );
    assert_eq!(w.triggers[1].event, "aws.guardduty/GuardDuty Finding");
    assert_eq!(step(w, "Run").code[0].name, "Offboard");
    assert_eq!(step(w, "Tell").connector, "sns");
    assert_eq!(references(w, "Tell"), ["Parameter(\"Topic\")", "Parameter(\"AWS::Region\")"]);
    assert_eq!(w.parameters.get("Topic").as_text(), Some("arn:aws:sns:eu-west-1:1:alerts"));
    assert_eq!(step(w, "More").calls[0].key, CalleeKey::Name("Child".into()));
    assert!(w.parts.iter().any(|p| p.name == "resource/Offboard"));
    assert_eq!(step(w, "Tell").span.line, 29);
}

#[test]
fn a_definition_in_a_joined_text_is_resolved() {
    let text = r#"{"Resources": {
      "Fn": {"Type": "AWS::Lambda::Function", "Properties": {}},
      "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": {"Fn::Join": ["", [
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"", {"Fn::GetAtt": ["Fn", "Arn"]},
        "\",\"TimeoutSeconds\":", {"Ref": "Limit"}, ",\"Next\":\"B\"},\"B\":{\"Type\":\"Task\",\"Resource\":\"arn:",
        {"Ref": "AWS::Partition"}, ":states:::sqs:sendMessage.waitForTaskToken\",\"End\":true}}}"]]}}}}}"#;
    let w = one(text);
    assert_eq!(step(&w, "A").code[0].name, "Fn");
    assert!(step(&w, "B").ask.is_some());
    assert_eq!(step(&w, "B").span.line, 3);
}

#[test]
fn a_definition_in_a_text_with_numbers_to_fill_in_is_read() {
    let text = r#"
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {"StartAt": "A",
         "States": {"A": {"Type": "Wait", "Seconds": ${Pause}, "Next": "B"},
                    "B": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:deleteUser",
                          "Parameters": {"UserName": "${User}"}, "End": true}}}
"#;
    let w = workflows(import("t.yaml", text.as_bytes(), &NoFiles)).remove(0);
    assert_eq!(references(&w, "A"), ["Parameter(\"Pause\")"]);
    assert_eq!(step(&w, "B").operation, "deleteUser");
    assert_eq!(step(&w, "B").span.line, 9);
}

#[test]
fn a_definition_in_another_file_is_read_with_its_substitutions() {
    let text = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: flows/m.asl.json
      DefinitionSubstitutions: {Delete: "arn:aws:states:::aws-sdk:iam:deleteUser"}
"#;
    let files = One(
        "flows/m.asl.json",
        r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Delete}", "End": true}}}"#,
    );
    let imported = import("app/template.yaml", text.as_bytes(), &files);
    assert_eq!(imported.used, ["flows/m.asl.json"]);
    let w = workflows(imported).remove(0);
    assert_eq!(w.files, ["app/template.yaml", "app/flows/m.asl.json"]);
    assert_eq!(step(&w, "A").operation, "deleteUser");
    assert_eq!(step(&w, "A").span.file, 1);
}

#[test]
fn a_definition_that_is_not_there_is_not_silently_safe() {
    let text = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s3://bucket/m.json}}
"#;
    let imported = import("t.yaml", text.as_bytes(), &NoFiles);
    assert_eq!(imported.problems.len(), 1);
    let w = workflows(imported).remove(0);
    assert_eq!(edges(&w), ["trigger -> definition"]);
}

#[test]
fn a_template_without_machines_is_said_to_be_one() {
    let text =
        r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"B": {"Type": "AWS::S3::Bucket"}}}"#;
    let Verdict::NotWorkflow(what) = imported(text).verdict else { panic!("a workflow") };
    assert_eq!(what, "a CloudFormation template without state machines");
}

#[test]
fn a_rule_that_targets_the_machine_is_its_trigger() {
    let text = r#"
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.signin]}
      Targets: [{Id: a, Arn: !GetAtt M.Arn}]
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties: {Definition: {StartAt: A, States: {A: {Type: Succeed}}}}
"#;
    let w = workflows(import("t.yaml", text.as_bytes(), &NoFiles)).remove(0);
    assert_eq!(w.triggers.len(), 1);
    assert_eq!((w.triggers[0].id.as_str(), w.triggers[0].event.as_str()), ("Rule", "aws.signin"));
}

#[test]
fn the_code_of_a_function_is_read_where_it_is() {
    let text = r#"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12}}
Resources:
  Inline:
    Type: AWS::Serverless::Function
    Properties: {Handler: index.handler, InlineCode: "def handler(e, c): return e"}
  Beside:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.main, CodeUri: ./src/}
  Bundled: {Type: AWS::Serverless::Function, Properties: {Handler: x.y, CodeUri: s3://bucket/x.zip}}
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        StartAt: A
        States:
          A: {Type: Task, Resource: !GetAtt Inline.Arn, Next: B}
          B: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Parameters: {FunctionName: !Ref Beside}, Next: C}
          C: {Type: Task, Resource: !GetAtt Bundled.Arn, End: true}
"#;
    let files = One("src/app.py", "import boto3\n");
    let imported = import("t.yaml", text.as_bytes(), &files);
    assert_eq!(imported.used, ["src/app.py"]);
    let w = workflows(imported).remove(0);
    let code = |id: &str| step(&w, id).code[0].text.as_text();
    assert_eq!(code("A"), Some("def handler(e, c): return e"));
    assert_eq!(code("B"), Some("import boto3\n"));
    assert_eq!(code("C"), None);
    assert_eq!(step(&w, "B").code[0].language, workflow::CodeLanguage::Python);
    assert!(w.parts.iter().any(|p| p.name == "code/Beside"));
}

/// YAML tells of a value only its line: what a state is given is no comment of the state beside it.
#[test]
fn what_stands_on_one_line_counts_by_itself_in_the_digest() {
    let digest = |comment: &str| {
        let text = format!(
            "Resources: {{M: {{Type: 'AWS::Serverless::StateMachine', Properties: {{Definition: {{StartAt: A, States: \
             {{A: {{Type: Task, Resource: 'arn:aws:states:::aws-sdk:iam:addUserToGroup', Parameters: \
             {{GroupName: admins, Comment: {comment}}}, End: true}}}}}}}}}}}}\n"
        );
        workflows(import("t.yaml", text.as_bytes(), &NoFiles)).remove(0).digest
    };
    assert_ne!(digest("a"), digest("b"));
}

#[test]
fn an_interface_is_open_where_nothing_closes_it() {
    let authenticated = |event: &str, rest: &str| {
        let text = format!(
            "Transform: AWS::Serverless-2016-10-31\n{rest}\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      \
             Definition: {{StartAt: Z, States: {{Z: {{Type: Succeed}}}}}}\n      Events:\n        E: {{Type: Api, Properties: \
             {{Path: /x, Method: post{event}}}}}\n"
        );
        let found = workflows(import("template.yaml", text.as_bytes(), &NoFiles));
        found[0].triggers[0].authenticated
    };
    let none = "Resources:";
    assert_eq!(authenticated("", none), Some(false));
    assert_eq!(authenticated(", Auth: {Authorizer: NONE}", none), Some(false));
    assert_eq!(authenticated(", Auth: {Authorizer: Login}", none), Some(true));
    assert_eq!(authenticated(", Auth: {ApiKeyRequired: true}", none), Some(true));
    assert_eq!(authenticated(", Auth: {ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}}", none), None);
    assert_eq!(authenticated(", RestApiId: !Ref Elsewhere", none), None);
    let all = "Globals: {Api: {Auth: {DefaultAuthorizer: Login}}}\nResources:";
    assert_eq!(authenticated("", all), Some(true));
    assert_eq!(authenticated(", Auth: {Authorizer: NONE}", all), Some(false));
    let other = "Globals: {HttpApi: {Auth: {DefaultAuthorizer: Login}}}\nResources:";
    assert_eq!(
        authenticated("", other),
        Some(false),
        "what goes for interfaces of the other kind closes none of these"
    );
    let private = "Globals: {Api: {EndpointConfiguration: {Type: PRIVATE}}}\nResources:";
    assert_eq!(authenticated("", private), None);
    let bare = "Resources:\n  Web: {Type: AWS::Serverless::Api, Properties: {StageName: live}}";
    assert_eq!(authenticated(", RestApiId: !Ref Web", bare), Some(false));
    let closed =
        "Resources:\n  Web: {Type: AWS::Serverless::Api, Properties: {Auth: {DefaultAuthorizer: AWS_IAM}}}";
    assert_eq!(authenticated(", RestApiId: !Ref Web", closed), Some(true));
}
