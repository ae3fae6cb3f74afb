//! `/health` says what stands in the way while Redis answers and yet turns the service's writes down.

use std::process::{Child, Command, Stdio};

use cabstand::private_redis::program;
use redis::Connection;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::common::command::{cabstand, told};
use crate::common::service::Service;
use crate::common::tls::free_port;
use crate::common::{LAT, LNG, PATIENCE, Redis, until};

/// Waits until `/health` answers so, with these words in its detail.
async fn waits_for(service: &Service, status: StatusCode, words: &str) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let health = service.caller.get("/health").await;
        let (seen, told) = (health.status(), health.text().await.unwrap());
        if seen == status && told.contains(words) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "/health is not {status} with {words:?}: {seen} {told}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_type_is_named_until_it_is_gone() {
    let mut redis = Redis::start();
    let service = Service::start(&redis, &[]);
    waits_for(&service, StatusCode::OK, "ok").await;
    redis.run::<()>("SET drivers x");
    let report = json!({"id": "kilo", "lat": LAT, "lng": LNG});
    let refused = service.caller.post("/tracking", report.clone()).await;
    assert!(refused.status().is_server_error(), "{}", refused.status());
    waits_for(&service, StatusCode::SERVICE_UNAVAILABLE, "drivers should be a sorted set").await;
    // Nobody reports meanwhile: it is found out all the same that nothing stands in the way any more.
    redis.run::<()>("DEL drivers");
    waits_for(&service, StatusCode::OK, "ok").await;
    assert_eq!(service.caller.post("/tracking", report).await.status(), StatusCode::OK);
}

/// A node of a cluster, on ports of its own.
struct Node {
    server: Child,
    connection: Connection,
    port: u16,
    _directory: TempDir,
}

impl Node {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let (port, bus) = (free_port(), free_port());
        let mut command = Command::new(program().unwrap());
        command.args(["--save", "", "--cluster-enabled", "yes", "--bind", "127.0.0.1"]);
        command.args(["--port", &port.to_string(), "--cluster-port", &bus.to_string(), "--dir"]).arg(directory.path());
        let server = command.stdout(Stdio::null()).spawn().unwrap();
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
        let mut connection = None;
        until("a node of a cluster", || {
            connection = client.get_connection().ok();
            connection.is_some()
        });
        Self { server, connection: connection.unwrap(), port, _directory: directory }
    }

    fn run<T: redis::FromRedisValue>(&mut self, command: &str) -> T {
        self.try_run(command).unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    fn try_run<T: redis::FromRedisValue>(&mut self, command: &str) -> redis::RedisResult<T> {
        let mut words = command.split(' ');
        let mut cmd = redis::cmd(words.next().unwrap());
        cmd.arg(words.collect::<Vec<_>>());
        cmd.query(&mut self.connection)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_a_cluster_that_does_not_hold_the_keys_is_told() {
    let (mut node, mut other) = (Node::start(), Node::start());
    node.run::<()>("CLUSTER ADDSLOTSRANGE 0 16383");
    until("the cluster to be up", || node.run::<String>("CLUSTER INFO").contains("cluster_state:ok"));
    let url = format!("redis://127.0.0.1:{}", node.port);

    // Without a region its keys are in several slots, and no script is carried out.
    let scattered = cabstand().args(["serve", "--listen", "127.0.0.1:0", "--redis", &url]).output().unwrap();
    let (code, _, said) = told(scattered);
    assert!(code == 1 && said.contains("CROSSSLOT") && said.contains("--region NAME"), "{code} {said}");

    let service = Service::start_at("127.0.0.1:0", &url, &["--region", "stgo"]);
    waits_for(&service, StatusCode::OK, "ok").await;
    let (slot, port) = (node.run::<u16>("CLUSTER KEYSLOT {stgo}"), other.port);
    let id: String = other.run("CLUSTER MYID");
    let bus_port: Vec<String> = other.run("CONFIG GET cluster-port");
    node.run::<()>(&format!("CLUSTER MEET 127.0.0.1 {port} {}", bus_port[1]));
    until("the nodes to know each other", || {
        node.run::<String>("CLUSTER NODES").lines().any(|line| line.starts_with(&id) && line.contains(" connected"))
    });
    // A slot that holds keys can't be given away just so, and the worker writes its heartbeat there.
    until("the slot to be given away", || {
        node.run::<()>("FLUSHALL");
        node.try_run::<()>(&format!("CLUSTER SETSLOT {slot} NODE {id}")).is_ok()
    });
    waits_for(&service, StatusCode::SERVICE_UNAVAILABLE, "MOVED").await;
    let own: String = node.run("CLUSTER MYID");
    node.run::<()>(&format!("CLUSTER SETSLOT {slot} NODE {own}"));
    waits_for(&service, StatusCode::OK, "ok").await;
}
