//! The checker: writes through many conversations while the server dies again and again, and then judges what is left.

mod device;
mod dice;
mod history;
mod judge;
mod people;
mod reading;
mod record;
mod report;
mod subject;
mod wire;

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Instant,
};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use tokio::{sync::watch, task::JoinSet};

use self::{
    device::{Clock, Device, Manners},
    dice::Dice,
    history::History,
    judge::judge,
    people::{Cast, Size},
    reading::read_all,
    report::Counts,
};
pub(crate) use self::{report::Report, subject::Subject};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How often the server is killed with SIGKILL, at random moments [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=10_000))]
    rounds: Option<u32>,
    /// Seconds of work on a server at --url, which is not killed [default: 20]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
    /// Makes the same choices again; the moments differ
    #[arg(long)]
    seed: Option<u64>,
    /// Accounts, which are registered for the run; the last one stays away until the end
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(3..=20))]
    users: u32,
    /// Groups among them
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=20))]
    groups: u32,
    /// Logins of each account at the same time [default: 2, and 1 with --url]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4))]
    devices: Option<u32>,
    /// Average ms from one action of a device to the next [default: 8, and 60 with --url]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pace: Option<u64>,
    /// Most requests of a device that wait for their answer
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    in_flight: u32,
}

impl Options {
    /// Which of them have no meaning for this server.
    fn check(&self, subject: &Subject) -> Result<()> {
        match subject {
            Subject::Own(_) if self.seconds.is_some() => {
                bail!("--seconds is for a server at --url; one that is started here takes --rounds")
            }
            Subject::Own(_)
                if self
                    .devices
                    .is_some_and(|devices| devices > subject::DEVICES) =>
            {
                bail!(
                    "a server that is started here allows {} devices",
                    subject::DEVICES
                )
            }
            Subject::Running(_) if self.rounds.is_some() => {
                bail!(
                    "a server at --url is not killed: use --seconds, and kill it yourself meanwhile if you want to"
                )
            }
            _ => Ok(()),
        }
    }

    fn size(&self, subject: &Subject) -> Size {
        Size {
            users: self.users as usize,
            groups: self.groups as usize,
            devices: self.devices.unwrap_or(subject.devices()) as usize,
        }
    }
}

/// Works on a server, and judges what it did and what it holds in the end.
pub(crate) async fn run(mut subject: Subject, options: &Options) -> Result<Report> {
    options.check(&subject)?;
    let seed = options.seed.unwrap_or_else(some_seed);
    // Also when the run breaks off.
    eprintln!("seed {seed}");
    let started = Instant::now();
    let mut dice = Dice::new(seed);
    let size = options.size(&subject);
    let cast = Cast::gather(&subject.url(), size, &mut dice).await?;
    let manners = Manners {
        pace: options.pace.unwrap_or(subject.pace()),
        in_flight: options.in_flight as usize,
    };
    let (mut histories, devices) = take_places(cast, seed, manners);
    let (devices, kills) = work(devices, size.devices, &mut subject, options, &mut dice).await?;
    let mut connections = 0;
    for (number, device) in devices.into_iter().enumerate() {
        connections += read_back(device, number, &mut histories).await?;
    }
    subject.end().await?;
    let mut violations: Vec<_> = histories.iter().flat_map(judge).collect();
    violations.sort_by_key(|violation| violation.rule);
    Ok(Report {
        seed,
        duration: started.elapsed(),
        kills,
        connections,
        counts: Counts::of(&histories),
        violations,
    })
}

/// Short, so that it is typed easily.
fn some_seed() -> u64 {
    RandomState::new().hash_one(0) % 1_000_000
}

/// Everybody with their dice, and the histories that they will write.
fn take_places(cast: Cast, seed: u64, manners: Manners) -> (Vec<History>, Vec<Device>) {
    let clock = Arc::new(Clock::default());
    let users = cast.logins.into_iter().zip(cast.places);
    let logins = users.flat_map(|(logins, places)| {
        let with_places = move |session| (session, places.clone());
        logins.into_iter().map(with_places)
    });
    let device = |(number, (session, places))| {
        let (name, dice) = (
            format!("{}-{number}", cast.tag),
            Dice::of(seed, number as u64),
        );
        Device::new(session, places, name, dice, Arc::clone(&clock), manners)
    };
    (cast.histories, logins.enumerate().map(device).collect())
}

/// Lets all but the last `away` devices work while the server has its troubles; gives them back, and the number of kills.
async fn work(
    mut devices: Vec<Device>,
    away: usize,
    subject: &mut Subject,
    options: &Options,
    dice: &mut Dice,
) -> Result<(Vec<Device>, u32)> {
    let (is_over, heeds) = watch::channel(false);
    let away = devices.split_off(devices.len().saturating_sub(away));
    let mut working = JoinSet::new();
    for (number, device) in devices.into_iter().enumerate() {
        let heeds = heeds.clone();
        working.spawn(async move { anyhow::Ok((number, device.run(heeds).await?)) });
    }
    let kills = tokio::select! {
        kills = subject.trouble(options, dice) => kills?,
        Some(ended) = working.join_next() => {
            let why = ended?.err();
            return Err(why.unwrap_or_else(|| anyhow!("a device ended early")));
        }
    };
    is_over.send_replace(true);
    let mut devices = Vec::new();
    while let Some(ended) = working.join_next().await {
        devices.push(ended??);
    }
    devices.sort_unstable_by_key(|(number, _)| *number);
    let last = subject.settle().await?;
    let devices = devices.into_iter().map(|(_, device)| device);
    Ok((devices.chain(away).collect(), kills + last))
}

/// Takes what a device has recorded and reads its conversations once more; gives how often it connected.
async fn read_back(device: Device, number: usize, histories: &mut [History]) -> Result<u64> {
    let (session, places, record) = device.finish().await?;
    let name = format!("device {number}");
    let readings = read_all(&session, &places, &name, number % 2 == 1).await?;
    for (reading, (conversation, _)) in readings.into_iter().zip(&places.all) {
        histories[*conversation].readings.push(reading);
    }
    let connections = record.connections;
    record.add_to(histories, &places);
    Ok(connections)
}
