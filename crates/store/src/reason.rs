//! Why a store refused something, in few words that are the same each time.
//!
//! A store's client tells the address, the time it took and the attempts it made, and quotes the answer with the number of the
//! request. Such a text differs from run to run, and so cannot be recognised in the ledger.

use object_store::Error;

const NOT_THERE: &str = "it is not there";
const DENIED: &str = "access denied";
const UNKNOWN_CALLER: &str = "the store does not accept the credentials";

/// Why a store refused something. The object is not named.
#[must_use]
pub fn reason(error: &Error) -> String {
    match error {
        Error::NotFound { .. } => NOT_THERE.to_owned(),
        Error::PermissionDenied { .. } => DENIED.to_owned(),
        Error::Unauthenticated { .. } => UNKNOWN_CALLER.to_owned(),
        Error::Precondition { .. } => "it was changed".to_owned(),
        error => {
            let text = essence(&error.to_string());
            // the client does not tell these apart where it lists
            let known = [("403 Forbidden", DENIED), ("404 Not Found", NOT_THERE), ("401 Unauthorized", UNKNOWN_CALLER)];
            let known = known.into_iter().find(|(status, _)| text.contains(status));
            known.map_or(text, |(_, reason)| reason.to_owned())
        }
    }
}

/// Whether another attempt would be refused in the same way.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Precondition { .. } | Error::NotModified { .. } | Error::NotSupported { .. } | Error::InvalidPath { .. }
    ) || [NOT_THERE, DENIED, UNKNOWN_CALLER].contains(&reason(error).as_str())
}

/// The status that a server answered with, or the innermost cause.
fn essence(text: &str) -> String {
    let text = text.rsplit(" - ").next().unwrap_or(text);
    let text = text.split(['<', '\n']).next().unwrap_or(text);
    text.trim_end_matches([' ', ':', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_is_left_out() {
        let text = "Generic S3 error: Error performing GET http://x/b/k in 2.3s, after 3 retries, max_retries: 3 - Server \
                    returned non-2xx status code: 503 Service Unavailable: <Error><RequestId>1</RequestId></Error>";
        assert_eq!(essence(text), "Server returned non-2xx status code: 503 Service Unavailable");
        let error = Error::PermissionDenied { path: "k".to_owned(), source: "403".into() };
        assert_eq!(reason(&error), DENIED);
        let status = |status: &str| {
            let source =
                format!("Error performing GET http://x in 1ms - Server returned non-2xx status code: {status}: <E/>");
            Error::Generic { store: "S3", source: source.into() }
        };
        assert_eq!(reason(&status("404 Not Found")), NOT_THERE);
        assert!(is_final(&status("403 Forbidden")) && is_final(&error) && !is_final(&status("503 Slow Down")));
    }
}
