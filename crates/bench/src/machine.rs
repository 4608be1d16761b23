//! The machine: what it is, and which cores are whose.

use std::{fs, thread::available_parallelism};

use anyhow::{Context, Result};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_setaffinity},
};

/// Who runs where with --pin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Core {
    Server = 0,
    Generator = 1,
}

/// Binds this thread, and whatever it starts from now on, to one core.
pub(crate) fn pin(core: Core) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core as usize);
    sched_setaffinity(None, &cores)
        .with_context(|| format!("--pin: core {} cannot be had", core as usize))
}

/// Lets this process, and a server that it starts, have as many files as the system admits.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, the connections that do not fit say so themselves.
    _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

/// One line about the machine.
pub(crate) fn facts(pinned: bool) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let pinned = if pinned {
        "server on core 0, generator on core 1"
    } else {
        "server and generator share all cores"
    };
    format!("{cores} cores, {model}, Linux {}; {pinned}", kernel.trim())
}
