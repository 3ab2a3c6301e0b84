//! The shapes in which CloudTrail records reach people, and the documents that only look like one of them.

/// What kind of document an object turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// A CloudTrail log file, or the console's JSON download: one object with the array `Records`.
    TrailLog,
    /// One record.
    Event,
    /// A JSON array of records.
    JsonArray,
    /// Records one after the other, each on a line of its own.
    Ndjson,
    /// Records one after the other.
    ConcatenatedJson,
    /// Envelopes of EventBridge, which was CloudWatch Events, with a record as `detail`.
    EventBridge,
    /// What a CloudWatch Logs subscription delivers.
    CloudWatchLogs,
    /// What CloudWatch Logs exports to S3: lines of a time and a record.
    CloudWatchExport,
    /// Answer of `FilterLogEvents` or `GetLogEvents`.
    FilterLogEvents,
    /// Answer of `LookupEvents`.
    LookupEvents,
    /// Result of a CloudTrail Lake query with the column `eventJson`.
    LakeResult,
    /// The console's CSV download.
    ConsoleCsv,
    /// Lines of text with a record in each, such as `--output text`.
    TextLines,
    /// Messages of SQS or SNS with records in them.
    QueueMessages,
    /// Records in several of these shapes.
    Mixed,
    /// A zip archive; its members have entries of their own.
    Zip,
    /// A tar archive; its members have entries of their own.
    Tar,
    /// No bytes, or nothing but white space, or an object or array without members.
    Empty,
    /// A CloudTrail digest file: hashes of log files.
    Digest,
    /// A sign file of a CloudTrail Lake result: hashes of result files.
    LakeSignFile,
    /// Result of a CloudTrail Lake query without the column `eventJson`.
    LakeResultWithoutJson,
    /// S3 event notification: pointers to objects.
    S3Notification,
    /// CloudTrail's note that a log file was delivered: pointers to objects.
    DeliveryNotification,
    /// Message of SNS.
    SnsMessage,
    /// Message of SQS.
    SqsMessage,
    /// What another service hands to a Lambda function.
    LambdaEvent,
    /// An EventBridge envelope around something else.
    OtherEventBridge,
    /// Attribution of an Insights event without the event.
    InsightsAttribution,
    /// A record that was converted to OCSF, such as Security Lake's.
    Ocsf,
    /// JSON of another kind.
    OtherJson,
    /// Not JSON.
    NotJson,
}

/// What a carrier means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It holds records.
    Records,
    /// It holds other objects.
    Archive,
    /// It holds nothing.
    Empty,
    /// It belongs to CloudTrail or looks like it, and holds no records.
    LookAlike,
    /// It is something else; a later version may see more in it.
    Other,
}

impl Carrier {
    /// Every carrier.
    pub const ALL: [Self; 31] = [
        Self::TrailLog,
        Self::Event,
        Self::JsonArray,
        Self::Ndjson,
        Self::ConcatenatedJson,
        Self::EventBridge,
        Self::CloudWatchLogs,
        Self::CloudWatchExport,
        Self::FilterLogEvents,
        Self::LookupEvents,
        Self::LakeResult,
        Self::ConsoleCsv,
        Self::TextLines,
        Self::QueueMessages,
        Self::Mixed,
        Self::Zip,
        Self::Tar,
        Self::Empty,
        Self::Digest,
        Self::LakeSignFile,
        Self::LakeResultWithoutJson,
        Self::S3Notification,
        Self::DeliveryNotification,
        Self::SnsMessage,
        Self::SqsMessage,
        Self::LambdaEvent,
        Self::OtherEventBridge,
        Self::InsightsAttribution,
        Self::Ocsf,
        Self::OtherJson,
        Self::NotJson,
    ];

    /// The carrier of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|carrier| carrier.name() == name)
    }

    /// Name in the ledger and in summaries.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What it is, for a sentence.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TrailLog => ("trail-log", "a CloudTrail log file"),
            Self::Event => ("event", "a record"),
            Self::JsonArray => ("json-array", "an array of records"),
            Self::Ndjson => ("ndjson", "records line by line"),
            Self::ConcatenatedJson => ("concatenated-json", "records one after the other"),
            Self::EventBridge => ("eventbridge", "EventBridge envelopes"),
            Self::CloudWatchLogs => ("cloudwatch-logs", "data of a CloudWatch Logs subscription"),
            Self::CloudWatchExport => ("cloudwatch-export", "an export of CloudWatch Logs"),
            Self::FilterLogEvents => ("filter-log-events", "an answer of FilterLogEvents"),
            Self::LookupEvents => ("lookup-events", "an answer of LookupEvents"),
            Self::LakeResult => ("lake-result", "a CloudTrail Lake result with eventJson"),
            Self::ConsoleCsv => ("console-csv", "a CSV download of the console"),
            Self::TextLines => ("text-lines", "lines of text with records"),
            Self::QueueMessages => ("queue-messages", "messages of a queue with records"),
            Self::Mixed => ("mixed", "records in several shapes"),
            Self::Zip => ("zip", "a zip archive"),
            Self::Tar => ("tar", "a tar archive"),
            Self::Empty => ("empty", "an empty file"),
            Self::Digest => ("digest", "a digest file"),
            Self::LakeSignFile => ("lake-sign-file", "a sign file of a CloudTrail Lake result"),
            Self::LakeResultWithoutJson => ("lake-result-without-json", "a CloudTrail Lake result without eventJson"),
            Self::S3Notification => ("s3-notification", "an S3 event notification"),
            Self::DeliveryNotification => ("delivery-notification", "a note that a log file was delivered"),
            Self::SnsMessage => ("sns-message", "an SNS message"),
            Self::SqsMessage => ("sqs-message", "an SQS message"),
            Self::LambdaEvent => ("lambda-event", "another service's event for a Lambda function"),
            Self::OtherEventBridge => ("other-eventbridge", "an EventBridge envelope around something else"),
            Self::InsightsAttribution => ("insights-attribution", "an attribution of an Insights event"),
            Self::Ocsf => ("ocsf", "an OCSF record"),
            Self::OtherJson => ("other-json", "a file of JSON of another kind"),
            Self::NotJson => ("not-json", "a file that is not JSON"),
        }
    }

    /// What it means for a run.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::TrailLog
            | Self::Event
            | Self::JsonArray
            | Self::Ndjson
            | Self::ConcatenatedJson
            | Self::EventBridge
            | Self::CloudWatchLogs
            | Self::CloudWatchExport
            | Self::FilterLogEvents
            | Self::LookupEvents
            | Self::LakeResult
            | Self::ConsoleCsv
            | Self::TextLines
            | Self::QueueMessages
            | Self::Mixed => Class::Records,
            Self::Zip | Self::Tar => Class::Archive,
            Self::Empty => Class::Empty,
            Self::Digest
            | Self::LakeSignFile
            | Self::LakeResultWithoutJson
            | Self::S3Notification
            | Self::DeliveryNotification
            | Self::SnsMessage
            | Self::SqsMessage
            | Self::LambdaEvent
            | Self::OtherEventBridge
            | Self::InsightsAttribution
            | Self::Ocsf => Class::LookAlike,
            Self::OtherJson | Self::NotJson => Class::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_carriers() {
        for carrier in Carrier::ALL {
            assert_eq!(Carrier::named(carrier.name()), Some(carrier));
        }
        assert_eq!(Carrier::named("parquet"), None);
    }
}
