//! floor 8: a host on a device, in real time: frames in and out, applications, and a program beside it.
//!
//! The host has no clock, so this loop has one. It sleeps until a frame comes or somebody is due.

use super::client::Client;
use super::device::{self, Device, Wanted};
use super::events::Events;
use super::gate::{Gate, Passed};
use super::recorder::Recorder;
use super::service::Services;
use super::{Ended, Place, Setup, Totals, date, namespace};
use crate::host::{Deadline, Fault, Host, Until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stack::base::time::soonest;
use stack::base::{Cidr, Instant};
use stack::sock::table::Row;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{self, Duration, SystemTime, UNIX_EPOCH};
use std::{io, iter};

/// Frames that are taken before the applications get their turn.
const FRAMES_IN_A_ROW: u32 = 256;
/// Turns after a program has ended, as long as there are frames.
const TURNS_AFTERWARDS: u32 = 100;
/// Octets of the largest frame.
const FRAME_OCTETS_MAX: usize = 65_536 + 14;
/// How long after an interruption its program may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Shows the socket table.
type Show<'a> = &'a mut dyn FnMut(&[Row]);

struct Rig<'a> {
    host: &'a mut dyn Host,
    device: Device,
    gate: Gate,
    recorder: Option<Recorder>,
    services: Services,
    client: Option<Client>,
    /// Who sees the socket table whenever it changes.
    table: Option<Show<'a>>,
    shown: Vec<Row>,
    started: time::Instant,
    totals: Totals,
}

/// Runs the host until something ends it. `ready` is called once everything is there, before a program
/// starts.
///
/// # Errors
/// The surroundings lack something, or the host broke.
pub fn serve<'a>(
    setup: Setup,
    host: &'a mut dyn Host,
    ready: &mut dyn FnMut(),
    table: Option<Show<'a>>,
) -> Result<(Ended, Totals), Fault> {
    if setup.place == Place::Namespace {
        namespace::enter()?;
        device::set_loopback_up()?;
    }
    let device = Device::open(&Wanted {
        name: setup.device.clone(),
        link: setup.host.link,
        mtu_octets: setup.host.mtu_octets,
        addrs: setup.peer_addrs.clone(),
    })?;
    host.reset(&setup.host)?;
    let recorder = setup.record.as_deref().map(|path| Recorder::create(path, setup.host.link)).transpose()?;
    let mut rig = Rig {
        services: Services::open(&setup.services, host)?,
        host,
        device,
        gate: Gate::new(setup.host.link, setup.filter, setup.map),
        recorder,
        client: setup.errand.map(Client::new),
        table,
        shown: Vec::new(),
        started: time::Instant::now(),
        totals: Totals::default(),
    };
    let events = Events::watch()?;
    ready();
    let mut child = setup.program.map(|program| start(program, &setup.host.addrs)).transpose()?;
    let ended = rig.run(&events, child.as_mut(), setup.limit);
    if let Some(child) = &mut child {
        stop(child, &events, &mut rig)?;
    }
    if let Some(recorder) = &mut rig.recorder {
        recorder.finish()?;
    }
    rig.totals.done = rig.services.done;
    rig.totals.client = rig.client.as_ref().and_then(Client::outcome).cloned();
    rig.totals.lasted = rig.now().since(Instant::ZERO);
    Ok((ended?, rig.totals))
}

/// Starts the program beside the host, which finds the addresses in its environment.
fn start(mut program: Command, addrs: &[Cidr]) -> Result<Child, Fault> {
    for own in addrs {
        program.env(if own.addr.is_ipv4() { "NETASSAY_V4" } else { "NETASSAY_V6" }, own.addr.to_string());
    }
    let name = program.get_program().to_string_lossy().into_owned();
    program.spawn().map_err(|error| {
        Fault::Env(format!(
            "{name} cannot be started: {error}; what follows -- is a program and its arguments"
        ))
    })
}

/// Ends a program that still runs, as an interruption does. It may still talk to the host meanwhile.
fn stop(child: &mut Child, events: &Events, rig: &mut Rig<'_>) -> Result<(), Fault> {
    let deadline = time::Instant::now() + FAREWELL;
    if child.try_wait().map_err(|error| lost(&error))?.is_some() {
        return Ok(());
    }
    if let Ok(id) = i32::try_from(child.id()) {
        // If it has just ended there is nobody to tell.
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
    while child.try_wait().map_err(|error| lost(&error))?.is_none() {
        let left = deadline.saturating_duration_since(time::Instant::now());
        if left.is_zero() {
            child.kill().and_then(|()| child.wait()).map_err(|error| lost(&error))?;
            return Ok(());
        }
        // Another signal changes nothing, but would be told for ever.
        let _ = (events.asked_to_stop(), events.child_may_have_ended());
        rig.turn()?;
        let patience = rig.patience().map_or(left, |patience| patience.min(left));
        events.wait(iter::once(rig.device.fd()), Some(patience))?;
    }
    Ok(())
}

/// The code with which the program ended, if it did: 128 and its number if a signal ended it.
fn code(child: &mut Child) -> Result<Option<u8>, Fault> {
    let Some(status) = child.try_wait().map_err(|error| lost(&error))? else { return Ok(None) };
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    Ok(Some(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)))
}

fn lost(error: &io::Error) -> Fault {
    Fault::Env(format!("the program cannot be waited for: {error}"))
}

impl Rig<'_> {
    fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn run(
        &mut self,
        events: &Events,
        mut child: Option<&mut Child>,
        limit: Option<Duration>,
    ) -> Result<Ended, Fault> {
        // The code of a program that ended, and how long the client may still go on.
        let mut ended = None;
        loop {
            let more = self.turn()?;
            if events.asked_to_stop() {
                return Ok(Ended::Interrupted);
            }
            if let Some(child) = child.as_deref_mut().filter(|_| events.child_may_have_ended())
                && let Some(code) = code(child)?
            {
                self.take_the_rest()?;
                ended = Some((code, self.started.elapsed() + FAREWELL));
            }
            let elapsed = self.started.elapsed();
            let has_errand = self.client.as_ref().is_some_and(|client| client.outcome().is_none());
            if let Some((code, until)) = ended {
                // What the program left to its kernel to say the client may still have to hear.
                if !has_errand || until <= elapsed {
                    return Ok(Ended::Program(code));
                }
            } else if child.is_none() && self.client.is_some() && !has_errand {
                return Ok(Ended::Client);
            }
            if limit.is_some_and(|limit| limit <= elapsed) {
                return Ok(Ended::Time);
            }
            if !more {
                let ends = [limit, ended.map(|(_, until)| until)].into_iter().flatten().min();
                let left = ends.map(|end| end.saturating_sub(elapsed));
                let patience = [self.patience(), left].into_iter().flatten().min();
                let input = self.client.as_ref().and_then(Client::waits_for);
                events.wait([Some(self.device.fd()), input].into_iter().flatten(), patience)?;
            }
        }
    }

    /// What a program did last, above all closing, still reaches the host.
    fn take_the_rest(&mut self) -> Result<(), Fault> {
        for _ in 0..TURNS_AFTERWARDS {
            let before = self.totals.frames_in;
            self.turn()?;
            if before == self.totals.frames_in {
                break;
            }
        }
        Ok(())
    }

    /// How long nothing is due.
    fn patience(&mut self) -> Option<Duration> {
        let host = match self.host.next_deadline() {
            Deadline::At(at) => Some(at),
            Deadline::Idle | Deadline::Unknown => None,
        };
        let due = soonest([host, self.services.due(), self.client.as_ref().and_then(Client::due)]);
        due.map(|due| Duration::from_nanos(due.since(self.now()).as_nanos()))
    }

    /// Lets time pass, takes frames, lets the applications go on, and sends what the host emits. Whether more
    /// frames may wait.
    fn turn(&mut self) -> Result<bool, Fault> {
        self.host.run_until(self.now(), Until::Time)?;
        let more = self.take_frames()?;
        let clock = || date::text(since_1970().as_secs());
        self.services.go_on(self.host, &clock)?;
        if let Some(client) = &mut self.client {
            client.go_on(self.host)?;
        }
        self.send_frames()?;
        while let Some((_, why)) = self.host.take_discard() {
            *self.totals.discards.entry(why).or_default() += 1;
        }
        self.show_table();
        Ok(more)
    }

    fn take_frames(&mut self) -> Result<bool, Fault> {
        let mut buffer = [0; FRAME_OCTETS_MAX];
        for _ in 0..FRAMES_IN_A_ROW {
            let taken = self.device.take(&mut buffer);
            let taken = taken.map_err(|error| Fault::Env(format!("the device cannot be read: {error}")))?;
            let Some(octets) = taken else { return Ok(false) };
            let frame = &mut buffer[..octets];
            self.totals.frames_in += 1;
            record(&mut self.recorder, frame)?;
            match self.gate.arrives(frame) {
                Passed::On => self.host.inject(frame)?,
                Passed::Dropped => self.totals.filtered += 1,
                Passed::Answered(answer) => {
                    self.totals.filtered += 1;
                    self.put(&answer)?;
                }
            }
        }
        Ok(true)
    }

    fn send_frames(&mut self) -> Result<(), Fault> {
        while let Some(mut emitted) = self.host.take() {
            self.gate.leaves(&mut emitted.bytes);
            self.put(&emitted.bytes)?;
        }
        Ok(())
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), Fault> {
        if self.device.put(frame) {
            self.totals.frames_out += 1;
            record(&mut self.recorder, frame)
        } else {
            self.totals.lost += 1;
            Ok(())
        }
    }

    fn show_table(&mut self) {
        let Some(show) = &mut self.table else { return };
        let Some(rows) = self.host.sockets() else { return };
        if rows != self.shown {
            show(&rows);
            self.shown = rows;
        }
    }
}

fn record(recorder: &mut Option<Recorder>, frame: &[u8]) -> Result<(), Fault> {
    recorder.as_mut().map_or(Ok(()), |recorder| recorder.frame(since_1970(), frame))
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
