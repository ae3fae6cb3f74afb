//! Managed services, which are known by their hosts, and how each lets notifications be switched on.

use super::finding::Advice;
use super::{run, say};

/// A managed service.
pub(super) struct Provider {
    pub(super) name: &'static str,
    /// What its hosts' names end in, or have within them.
    hosts: &'static [&'static str],
    /// What to know of it before the command.
    note: &'static str,
    /// The command, with `FLAGS` where they stand; none where it has none.
    command: &'static str,
}

/// All that are known. Memorystore and Heroku cannot be told by their hosts' names.
pub(super) const ALL: [Provider; 9] = [
    Provider {
        name: "AWS ElastiCache",
        hosts: &[".cache.amazonaws.com", ".cache.amazonaws.com.cn"],
        note: "in a parameter group of your own that the cluster uses, as a default group can't be changed",
        command: "aws elasticache modify-cache-parameter-group --cache-parameter-group-name GROUP \
                  --parameter-name-values 'ParameterName=notify-keyspace-events,ParameterValue=FLAGS'",
    },
    Provider {
        name: "AWS MemoryDB",
        hosts: &[".memorydb."],
        note: "in a parameter group of your own that the cluster uses, as a default group can't be changed",
        command: "aws memorydb update-parameter-group --parameter-group-name GROUP \
                  --parameter-name-values 'ParameterName=notify-keyspace-events,ParameterValue=FLAGS'",
    },
    Provider {
        name: "Azure Cache for Redis",
        hosts: &[".redis.cache.windows.net", ".redis.cache.chinacloudapi.cn", ".redis.cache.usgovcloudapi.net"],
        note: "among the advanced settings, or",
        command: "az redis update -n NAME -g GROUP --set 'redisConfiguration.notify-keyspace-events=FLAGS'",
    },
    Provider {
        name: "Azure Managed Redis",
        hosts: &[".redis.azure.net", ".redisenterprise.cache.azure.net"],
        note: "the property notifyKeyspaceEvents of the database",
        command: "",
    },
    Provider {
        name: "Google Memorystore",
        hosts: &[],
        note: "",
        command: "gcloud redis instances update INSTANCE --region REGION \
                  --update-redis-config 'notify-keyspace-events=FLAGS'",
    },
    Provider {
        name: "Aiven",
        hosts: &[".aivencloud.com"],
        note: "the option valkey_notify_keyspace_events (for Redis: redis_notify_keyspace_events)",
        command: "avn service update SERVICE -c 'valkey_notify_keyspace_events=FLAGS'",
    },
    Provider {
        name: "DigitalOcean",
        hosts: &[".db.ondigitalocean.com"],
        note: "the setting valkey_notify_keyspace_events of the cluster (API: PATCH /v2/databases/ID/config)",
        command: "",
    },
    Provider {
        name: "Heroku Key-Value Store",
        hosts: &[],
        note: "",
        command: "heroku redis:keyspace-notifications REDIS_URL -c 'FLAGS' -a APP",
    },
    Provider {
        name: "Upstash",
        hosts: &[".upstash.io"],
        note: "CONFIG SET is allowed for this one setting",
        command: "redis-cli CONFIG SET notify-keyspace-events 'FLAGS'",
    },
];

/// The service whose host this is.
pub(super) fn of(host: &str) -> Option<&'static Provider> {
    let host = host.to_ascii_lowercase();
    let fits = |part: &&'static str| if part.ends_with('.') { host.contains(*part) } else { host.ends_with(*part) };
    ALL.iter().find(|provider| provider.hosts.iter().any(fits))
}

impl Provider {
    /// How these flags are set there.
    pub(super) fn remedy(&self, flags: &str) -> Vec<Advice> {
        let colon = if self.command.is_empty() { "." } else { ":" };
        let note = if self.note.is_empty() { String::new() } else { format!(": {}", self.note) };
        let mut advice = vec![say(format!("{}{note}{colon}", self.name))];
        if self.command.is_empty() {
            advice.push(say(format!("The flags are {flags}")));
        } else {
            advice.push(run(self.command.replace("FLAGS", flags)));
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_hosts() {
        let name = |host| of(host).map(|provider| provider.name);
        assert_eq!(name("master.town.abc123.euw1.cache.amazonaws.com"), Some("AWS ElastiCache"));
        assert_eq!(name("clustercfg.town.abc123.memorydb.us-east-1.amazonaws.com"), Some("AWS MemoryDB"));
        assert_eq!(name("Town.redis.cache.windows.net"), Some("Azure Cache for Redis"));
        assert_eq!(name("town.upstash.io"), Some("Upstash"));
        for host in ["localhost", "10.0.0.1", "upstash.io.example.org", "memorydb.example.org"] {
            assert_eq!(name(host), None, "{host}");
        }
    }

    #[test]
    fn flags_stand_where_the_shell_leaves_them_alone() {
        for provider in &ALL {
            let quoted = provider.command.split('\'').skip(1).step_by(2).any(|part| part.contains("FLAGS"));
            assert!(provider.command.is_empty() || quoted, "{}", provider.name);
        }
    }
}
