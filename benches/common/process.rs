//! What a process takes of this machine, by `/proc`.

use std::fs;
use std::time::Duration;

/// A process, by its number.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

/// Ticks a second in `/proc/PID/stat`: Linux tells programs 100, whatever its own clock is.
const TICKS: u64 = 100;

impl Process {
    /// The time on a core that it has had, in steps of 10 ms.
    pub fn cpu(self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        // The name stands in parentheses, and can hold anything.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 1_000 / TICKS)
    }

    /// The most memory that it has had, in bytes.
    pub fn peak_memory(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    }
}
