//! What the kernel says about a process: memory and CPU time, from `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Resident memory in bytes.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    let status = read(pid, "status")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .with_context(|| format!("/proc/{pid}/status has no VmRSS"))
}

/// CPU time of all threads since the start, in the program and in the kernel for it.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let ticks = ticks(&read(pid, "stat")?)
        .with_context(|| format!("/proc/{pid}/stat is not as expected"))?;
    Ok(duration(ticks))
}

/// CPU time of everything on this machine since its start: what is left beside server and generator disturbs both.
pub(crate) fn machine_cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    let ticks = busy(&stat).context("/proc/stat is not as expected")?;
    Ok(duration(ticks))
}

fn duration(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second();
    Duration::from_secs_f64(ticks as f64 / per_second as f64)
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path)
        .with_context(|| format!("cannot read {path}: the server is gone, or this is not Linux"))
}

/// utime and stime: the 14th and 15th field, counted after the name, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// All columns of the first line but idle and iowait, up to steal: what follows is part of user.
fn busy(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let columns = line.split_ascii_whitespace().take(8).enumerate();
    columns
        .filter(|(column, _)| !matches!(column, 3 | 4))
        .map(|(_, ticks)| ticks.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_a_strange_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 900 0 0 0 31 11 0 0 20 0 5 0 100 1 2";
        assert_eq!(ticks(stat), Some(42));
    }

    #[test]
    fn waiting_is_not_work() {
        let stat = "cpu  1 2 3 1000 1000 4 5 6 100 100\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(busy(stat), Some(21));
        assert_eq!(busy(""), None);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(memory(pid).unwrap() > 100_000);
        assert!(cpu(pid).unwrap() < Duration::from_secs(3600));
    }
}
