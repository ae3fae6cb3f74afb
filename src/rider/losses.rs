//! Ends that were trimmed before they were delivered: they are counted, and said once in the log.

use crate::store::{ENDS_KEPT, Group, Lost};

/// Counts and logs what this group could not read in time.
pub(super) fn report(group: Group, lost: Lost) {
    let count = match lost {
        Lost::Count(count) => count,
        Lost::Some => 1,
    };
    metrics::counter!("cabstand_ends_lost_total", "group" => group.name()).increment(count);
    tracing::error!("{}", words(group, lost));
}

fn words(group: Group, lost: Lost) -> String {
    let ends = match lost {
        Lost::Count(1) => "1 end (or reopening) of a request was".to_owned(),
        Lost::Count(count) => format!("{count} ends (or reopenings) of requests were"),
        Lost::Some => "some ends of requests were".to_owned(),
    };
    let (missed, remedy) = match group {
        Group::Webhook => ("not posted to the webhook", "keep a service with --webhook running, and its receiver up"),
        Group::Riders => ("not written to this log", "keep a service running"),
    };
    format!(
        "{ends} {missed}: they were trimmed from cabstand:ends, which keeps about {ENDS_KEPT}, before a service read them; {remedy}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_said_with_its_number_and_what_to_do() {
        let said = words(Group::Webhook, Lost::Count(3));
        assert!(said.starts_with("3 ends (or reopenings) of requests were not posted to the webhook: "), "{said}");
        assert!(said.ends_with("; keep a service with --webhook running, and its receiver up"), "{said}");
        assert!(words(Group::Riders, Lost::Some).starts_with("some ends of requests were not written to this log: "));
    }
}
