//! One view a documented service: its events, and the request parameters of the actions it logs as typed columns.
//!
//! Names of parameters are those of the services' API references. A parameter that a request does not have is null, as is one
//! whose value is not of its type; `request_parameters` has every one as it was sent.

use std::fmt::Write as _;

use crate::actions;

/// Type of a parameter.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Truth,
    /// An object or a list, as JSON text; Pinpoint hides some as `***`.
    Json,
}

/// A parameter: its column, its type and its name in the request.
type Parameter = (&'static str, Kind, &'static str);

struct Service {
    view: &'static str,
    /// The API in `action_catalog`.
    api: &'static str,
    sources: &'static [&'static str],
    /// A source that has actions of another service too: only those of the API's name are taken.
    shared_source: Option<&'static str>,
    parameters: &'static [Parameter],
}

use Kind::{Integer, Json, Text, Truth};

const SERVICES: &[Service] = &[
    Service {
        view: "pinpoint_events",
        api: "Amazon Pinpoint API",
        sources: &["pinpoint.amazonaws.com"],
        shared_source: None,
        parameters: PINPOINT,
    },
    // the page names no source
    Service {
        view: "pinpoint_email_events",
        api: "Amazon Pinpoint Email API",
        sources: &["pinpointemail.amazonaws.com", "pinpoint-email.amazonaws.com"],
        shared_source: Some("ses.amazonaws.com"),
        parameters: PINPOINT_EMAIL,
    },
    Service {
        view: "sms_voice_events",
        api: "Amazon Pinpoint SMS and Voice API",
        sources: &["sms-voice.amazonaws.com"],
        shared_source: None,
        parameters: SMS_VOICE,
    },
    Service {
        view: "personalize_events",
        api: "Amazon Personalize API",
        sources: &["personalize.amazonaws.com"],
        shared_source: None,
        parameters: PERSONALIZE,
    },
    Service {
        view: "notifications_events",
        api: "AWS User Notifications API",
        sources: &["notifications.amazonaws.com", "notifications-contacts.amazonaws.com"],
        shared_source: None,
        parameters: NOTIFICATIONS,
    },
    Service {
        view: "cognito_user_pool_events",
        api: "Amazon Cognito user pools",
        sources: &["cognito-idp.amazonaws.com"],
        shared_source: None,
        parameters: USER_POOLS,
    },
    Service {
        view: "cognito_identity_events",
        api: "Amazon Cognito identity pools (federated identities)",
        sources: &["cognito-identity.amazonaws.com"],
        shared_source: None,
        parameters: IDENTITY_POOLS,
    },
    Service {
        view: "cognito_sync_events",
        api: "Amazon Cognito Sync",
        sources: &["cognito-sync.amazonaws.com"],
        shared_source: None,
        parameters: SYNC,
    },
];

#[rustfmt::skip]
const PINPOINT: &[Parameter] = &[
    ("application_id", Text, "application-id"), ("campaign_id", Text, "campaign-id"), ("segment_id", Text, "segment-id"),
    ("journey_id", Text, "journey-id"), ("job_id", Text, "job-id"), ("endpoint_id", Text, "endpoint-id"),
    ("user_id", Text, "user-id"), ("template_name", Text, "template-name"), ("template_type", Text, "template-type"),
    ("recommender_id", Text, "recommender-id"), ("resource_arn", Text, "resource-arn"), ("kpi_name", Text, "kpi-name"),
    ("version", Text, "version"), ("page_size", Integer, "page-size"), ("token", Text, "token"),
    ("start_time", Text, "start-time"), ("end_time", Text, "end-time"), ("name", Text, "Name"),
    ("description", Text, "Description"), ("holdout_percent", Integer, "HoldoutPercent"), ("is_paused", Truth, "IsPaused"),
    ("target_segment_id", Text, "SegmentId"), ("target_segment_version", Integer, "SegmentVersion"),
    ("schedule", Json, "Schedule"), ("message_configuration", Json, "MessageConfiguration"),
    ("additional_treatments", Json, "AdditionalTreatments"), ("limits", Json, "Limits"), ("priority", Integer, "Priority"),
    ("dimensions", Json, "Dimensions"), ("segment_groups", Json, "SegmentGroups"), ("state", Text, "State"),
    ("start_activity", Text, "StartActivity"), ("activities", Json, "Activities"), ("enabled", Truth, "Enabled"),
    ("from_address", Text, "FromAddress"), ("identity", Text, "Identity"), ("role_arn", Text, "RoleArn"),
    ("sender_id", Text, "SenderId"), ("short_code", Text, "ShortCode"), ("bundle_id", Text, "BundleId"),
    ("default_authentication_method", Text, "DefaultAuthenticationMethod"), ("format", Text, "Format"),
    ("s3_url", Text, "S3Url"), ("s3_url_prefix", Text, "S3UrlPrefix"), ("define_segment", Truth, "DefineSegment"),
    ("register_endpoints", Truth, "RegisterEndpoints"), ("destination_stream_arn", Text, "DestinationStreamArn"),
    ("recommendation_provider_uri", Text, "RecommendationProviderUri"),
    ("recommendation_provider_role_arn", Text, "RecommendationProviderRoleArn"), ("phone_number", Text, "PhoneNumber"),
    ("tags", Json, "tags"),
];

#[rustfmt::skip]
const PINPOINT_EMAIL: &[Parameter] = &[
    ("configuration_set_name", Text, "ConfigurationSetName"), ("event_destination_name", Text, "EventDestinationName"),
    ("event_destination", Json, "EventDestination"), ("email_identity", Text, "EmailIdentity"),
    ("pool_name", Text, "PoolName"), ("ip", Text, "Ip"), ("destination_pool_name", Text, "DestinationPoolName"),
    ("sending_pool_name", Text, "SendingPoolName"), ("tls_policy", Text, "TlsPolicy"),
    ("sending_enabled", Truth, "SendingEnabled"), ("reputation_metrics_enabled", Truth, "ReputationMetricsEnabled"),
    ("auto_warmup_enabled", Truth, "AutoWarmupEnabled"), ("warmup_percentage", Integer, "WarmupPercentage"),
    ("signing_enabled", Truth, "SigningEnabled"), ("email_forwarding_enabled", Truth, "EmailForwardingEnabled"),
    ("mail_from_domain", Text, "MailFromDomain"), ("behavior_on_mx_failure", Text, "BehaviorOnMxFailure"),
    ("custom_redirect_domain", Text, "CustomRedirectDomain"), ("page_size", Integer, "PageSize"),
    ("next_token", Text, "NextToken"), ("tags", Json, "Tags"),
];

#[rustfmt::skip]
const SMS_VOICE: &[Parameter] = &[
    ("configuration_set_name", Text, "ConfigurationSetName"), ("event_destination_name", Text, "EventDestinationName"),
    ("event_destination", Json, "EventDestination"), ("event_destination_enabled", Truth, "EventDestination.Enabled"),
    ("matching_event_types", Json, "EventDestination.MatchingEventTypes"),
    ("log_group_arn", Text, "EventDestination.CloudWatchLogsDestination.LogGroupArn"),
    ("iam_role_arn", Text, "EventDestination.CloudWatchLogsDestination.IamRoleArn"),
    ("delivery_stream_arn", Text, "EventDestination.KinesisFirehoseDestination.DeliveryStreamArn"),
    ("topic_arn", Text, "EventDestination.SnsDestination.TopicArn"),
];

#[rustfmt::skip]
const PERSONALIZE: &[Parameter] = &[
    ("name", Text, "name"), ("dataset_group_arn", Text, "datasetGroupArn"), ("dataset_arn", Text, "datasetArn"),
    ("dataset_type", Text, "datasetType"), ("schema_arn", Text, "schemaArn"), ("solution_arn", Text, "solutionArn"),
    ("solution_version_arn", Text, "solutionVersionArn"), ("campaign_arn", Text, "campaignArn"),
    ("event_tracker_arn", Text, "eventTrackerArn"), ("filter_arn", Text, "filterArn"),
    ("recommender_arn", Text, "recommenderArn"), ("recipe_arn", Text, "recipeArn"), ("resource_arn", Text, "resourceArn"),
    ("job_name", Text, "jobName"), ("role_arn", Text, "roleArn"), ("kms_key_arn", Text, "kmsKeyArn"),
    ("domain", Text, "domain"), ("perform_auto_ml", Truth, "performAutoML"), ("perform_hpo", Truth, "performHPO"),
    ("min_provisioned_tps", Integer, "minProvisionedTPS"), ("training_mode", Text, "trainingMode"),
    ("data_source", Json, "dataSource"), ("job_input", Json, "jobInput"), ("job_output", Json, "jobOutput"),
    ("solution_config", Json, "solutionConfig"), ("max_results", Integer, "maxResults"),
    ("next_token", Text, "nextToken"), ("tags", Json, "tags"),
];

#[rustfmt::skip]
const NOTIFICATIONS: &[Parameter] = &[
    ("arn", Text, "arn"), ("name", Text, "name"), ("description", Text, "description"),
    ("notification_configuration_arn", Text, "notificationConfigurationArn"),
    ("aggregation_duration", Text, "aggregationDuration"), ("event_rule_source", Text, "source"),
    ("event_type", Text, "eventType"), ("event_pattern", Text, "eventPattern"), ("regions", Json, "regions"),
    ("notification_hub_region", Text, "notificationHubRegion"), ("email_address", Text, "emailAddress"),
    ("code", Text, "code"), ("status", Text, "status"), ("event_rule_arn", Text, "eventRuleArn"),
    ("channel_arn", Text, "channelArn"), ("locale", Text, "locale"), ("start_time", Text, "startTime"),
    ("end_time", Text, "endTime"), ("max_results", Integer, "maxResults"), ("next_token", Text, "nextToken"),
    ("tags", Json, "tags"),
];

#[rustfmt::skip]
const USER_POOLS: &[Parameter] = &[
    ("user_pool_id", Text, "userPoolId"), ("pool_name", Text, "poolName"), ("client_id", Text, "clientId"),
    ("client_name", Text, "clientName"), ("user_name", Text, "username"), ("group_name", Text, "groupName"),
    ("provider_name", Text, "providerName"), ("provider_type", Text, "providerType"), ("identifier", Text, "identifier"),
    ("domain", Text, "domain"), ("auth_flow", Text, "authFlow"), ("challenge_name", Text, "challengeName"),
    ("mfa_configuration", Text, "mfaConfiguration"), ("user_attributes", Json, "userAttributes"),
    ("attributes_to_get", Json, "attributesToGet"), ("filter", Text, "filter"), ("role_arn", Text, "roleArn"),
    ("precedence", Integer, "precedence"), ("permanent", Truth, "permanent"), ("message_action", Text, "messageAction"),
    ("deletion_protection", Text, "deletionProtection"), ("lambda_config", Json, "lambdaConfig"),
    ("policies", Json, "policies"), ("explicit_auth_flows", Json, "explicitAuthFlows"),
    ("callback_urls", Json, "callbackURLs"), ("allowed_o_auth_flows", Json, "allowedOAuthFlows"),
    ("allowed_o_auth_scopes", Json, "allowedOAuthScopes"), ("resource_arn", Text, "resourceArn"),
    ("limit", Integer, "limit"), ("max_results", Integer, "maxResults"), ("pagination_token", Text, "paginationToken"),
    ("next_token", Text, "nextToken"),
];

#[rustfmt::skip]
const IDENTITY_POOLS: &[Parameter] = &[
    ("identity_pool_id", Text, "identityPoolId"), ("identity_pool_name", Text, "identityPoolName"),
    ("allow_unauthenticated_identities", Truth, "allowUnauthenticatedIdentities"),
    ("allow_classic_flow", Truth, "allowClassicFlow"), ("supported_login_providers", Json, "supportedLoginProviders"),
    ("developer_provider_name", Text, "developerProviderName"),
    ("open_id_connect_provider_arns", Json, "openIdConnectProviderARNs"),
    ("cognito_identity_providers", Json, "cognitoIdentityProviders"), ("saml_provider_arns", Json, "samlProviderARNs"),
    ("roles", Json, "roles"), ("authenticated_role", Text, "roles.authenticated"),
    ("unauthenticated_role", Text, "roles.unauthenticated"), ("role_mappings", Json, "roleMappings"),
    ("max_results", Integer, "maxResults"), ("next_token", Text, "nextToken"),
];

#[rustfmt::skip]
const SYNC: &[Parameter] = &[
    ("identity_pool_id", Text, "identityPoolId"), ("max_results", Integer, "maxResults"), ("next_token", Text, "nextToken"),
    ("events", Json, "events"), ("stream_name", Text, "cognitoStreams.streamName"),
    ("streaming_status", Text, "cognitoStreams.streamingStatus"), ("stream_role_arn", Text, "cognitoStreams.roleArn"),
    ("push_role_arn", Text, "pushSync.roleArn"), ("push_application_arns", Json, "pushSync.applicationArns"),
];

/// Columns of `events` that every view begins with.
const COMMON: &str = "event_time, region, account, event_name, error_code, error_message, principal, identity_kind, \
    uses_root_or_iam_user, uses_temporary_credentials, made_by_aws_service, user_identity_type, user_identity_arn, \
    source_ip_address, user_agent, read_only";
/// And those that it ends with.
const REST: &str =
    "request_parameters, response_elements, additional_event_data, request_id, event_id, event_source, date";

/// Names of the views.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|service| service.view)
}

/// The API of `action_catalog` behind each view, and how many parameters have columns.
pub(crate) fn apis() -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
    SERVICES.iter().map(|service| {
        let columns = service.parameters.iter().map(|(column, ..)| *column).collect();
        (service.view, service.api, columns)
    })
}

/// The query behind a view, over `events`.
pub(crate) fn definition(name: &str) -> Option<String> {
    let service = SERVICES.iter().find(|service| service.view == name)?;
    let mut sql = format!("SELECT {COMMON}");
    for (column, kind, path) in service.parameters {
        let path: String = path.split('.').map(|member| format!(".\"{member}\"")).collect();
        let value = format!("json_member(request_parameters, '${path}')");
        let typed = match kind {
            Text | Json => value,
            Integer => format!("TRY_CAST({value} AS BIGINT)"),
            Truth => format!("TRY_CAST({value} AS BOOLEAN)"),
        };
        // writing to a String cannot fail
        let _ = write!(sql, ", {typed} AS \"{column}\"");
    }
    let sources: Vec<String> = service.sources.iter().map(|source| format!("'{source}'")).collect();
    let certain = format!("event_source IN ({})", sources.join(", "));
    let Some(shared) = service.shared_source else {
        let _ = write!(sql, ", {REST} FROM events WHERE {certain}");
        return Some(sql);
    };
    let actions = actions::all().filter(|action| action.api == service.api && action.is_logged);
    let actions: Vec<String> = actions.map(|action| format!("'{}'", action.action)).collect();
    let _ = write!(
        sql,
        ", {REST}, CASE WHEN {certain} THEN 'event_source' ELSE 'event_name' END AS attributed_by FROM events
        WHERE {certain} OR (event_source = '{shared}' AND event_name IN ({}))",
        actions.join(", ")
    );
    Some(sql)
}
