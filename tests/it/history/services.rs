//! Several services on one Redis that are killed and started again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread::sleep;
use std::time::Duration;

use cabstand::http_client;
use nix::sys::signal::Signal;
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Client;
use tokio_util::sync::CancellationToken;

use crate::common::service::Service;

pub struct Services {
    url: String,
    options: Vec<String>,
    running: Mutex<Vec<Option<Service>>>,
    /// What the dead have logged.
    logged: Mutex<Vec<Service>>,
    kills: AtomicUsize,
    pub client: Client,
}

impl Services {
    pub fn start(url: String, options: &[&str], count: usize) -> Self {
        let services = Self {
            url,
            options: options.iter().map(|&option| option.to_owned()).collect(),
            running: Mutex::new((0..count).map(|_| None).collect()),
            logged: Mutex::default(),
            kills: AtomicUsize::new(0),
            client: http_client::plain().timeout(Duration::from_secs(2)).build().unwrap(),
        };
        for slot in 0..count {
            services.restart(slot);
        }
        services
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn running(&self) -> MutexGuard<'_, Vec<Option<Service>>> {
        self.running.lock().unwrap()
    }

    /// The address of one that runs, if any does.
    pub fn any(&self, random: &mut StdRng) -> Option<String> {
        let running = self.running();
        let first = random.random_range(0..running.len());
        let of_all = (0..running.len()).map(|n| (first + n) % running.len());
        of_all.filter_map(|slot| running[slot].as_ref()).map(|service| service.caller.base.clone()).next()
    }

    /// How many died.
    pub fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    pub fn kill(&self, slot: usize) {
        let Some(mut service) = self.running()[slot].take() else { return };
        service.signal(Signal::SIGKILL);
        service.wait();
        self.kills.fetch_add(1, Ordering::Relaxed);
        self.logged.lock().unwrap().push(service);
    }

    pub fn restart(&self, slot: usize) {
        let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        let service = Service::start_at("127.0.0.1:0", &self.url, &options);
        self.running()[slot] = Some(service);
    }

    /// Kills one after the other, at times all of them, until it is told to stop. All run at the end.
    pub fn kill_now_and_then(&self, random: &mut StdRng, stop: &CancellationToken) {
        let count = self.running().len();
        while !stop.is_cancelled() {
            sleep(Duration::from_millis(random.random_range(50..600)));
            let first = random.random_range(0..count);
            let dying = if random.random_bool(0.2) { count } else { 1 };
            let slots: Vec<usize> = (0..dying).map(|n| (first + n) % count).collect();
            for &slot in &slots {
                self.kill(slot);
            }
            sleep(Duration::from_millis(random.random_range(0..200)));
            for &slot in &slots {
                self.restart(slot);
            }
        }
    }

    /// All that the living and the dead have logged.
    pub fn log(&self) -> String {
        let living: String = self.running().iter().flatten().map(Service::log).collect();
        let dead: String = self.logged.lock().unwrap().iter().map(Service::log).collect();
        living + &dead
    }
}
