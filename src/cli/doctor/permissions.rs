//! Which role this user's rights are enough for, and what is missing for the next.

use super::super::Shared;
use super::finding::{Finding, Verdict};
use super::{run, say};
use crate::store::{Dialect, Facts, Missing, Role, Store, StoreError};

const TOPIC: &str = "rights";
/// So many names are told of what is missing.
const TOLD: usize = 12;

pub(super) async fn findings(store: &Store, shared: &Shared, facts: &Facts) -> Result<Vec<Finding>, StoreError> {
    let dialect = if facts.version.starts_with("6.") { Dialect::Redis6 } else { Dialect::Redis7 };
    let mut fits = None;
    let mut lacking = None;
    for role in Role::ALL {
        match store.missing(role, dialect).await? {
            None => {
                let seen = "this user's rights can't be tried out: MULTI is not granted";
                let advice = [say("Rights that can be looked at are printed by"), run(acl(shared, Role::Viewer))];
                return Ok(vec![Finding::new(TOPIC, Verdict::Warning, seen).advise(advice)]);
            }
            Some(missing) if missing.is_empty() => fits = Some(role),
            Some(missing) => {
                lacking = Some((role, missing));
                // Each refusal is noted in Redis' ACL LOG: no more of them than it takes.
                break;
            }
        }
    }
    Ok(vec![told(fits, lacking.as_ref(), shared)])
}

fn told(fits: Option<Role>, lacking: Option<&(Role, Missing)>, shared: &Shared) -> Finding {
    let finding = match fits {
        Some(Role::Service) => {
            return Finding::ok(TOPIC, "this user may do all that service, operator and viewer need");
        }
        Some(Role::Operator) => {
            Finding::ok(TOPIC, "this user has the rights of an operator, and not those of the service")
        }
        Some(Role::Viewer) => Finding::ok(
            TOPIC,
            "this user has the rights of a viewer: `cabstand console --read-only` and the listings work",
        ),
        None => Finding::new(TOPIC, Verdict::Wrong, "this user's rights are not enough to look at everything"),
    };
    match lacking {
        None => finding,
        Some((role, missing)) => {
            let lacks = |what: &str, names: &[String]| {
                let more = if names.len() > TOLD { ", …" } else { "" };
                let names = names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
                (!names.is_empty()).then(|| say(format!("Missing for {role}: {what} {names}{more}")))
            };
            let lines = [lacks("commands", &missing.commands), lacks("keys", &missing.keys)];
            finding
                .advise(lines.into_iter().flatten())
                .advise([say(format!("The rights of {role} are granted by")), run(acl(shared, *role))])
        }
    }
}

/// The command that prints a role's rights here.
fn acl(shared: &Shared, role: Role) -> String {
    let region = shared.region.as_ref().map(|region| format!(" --region {region}")).unwrap_or_default();
    format!("cabstand acl {role}{region} --name USER | redis-cli")
}
