//! floor 8: the programs at both ends: threads in the namespace of an end that open connections, write, read
//! and end as a plan has it. What fails, fails as it does for programs: the kernels are what matters.

use super::addrs;
use super::plan::{Act, Options, Script, Talk};
use crate::sockets::linux::sys;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(12);

/// Octets of one call.
const CALL_OCTETS: usize = 16_384;

/// A port on which datagrams are answered, and one where nobody is.
const ECHO_PORT: u16 = 4_000;
const CLOSED_PORT: u16 = 4_001;

/// Plays the part of an end, in whose namespace the calling thread is, to its end. Nobody begins before both
/// ends listen.
pub(super) fn play(end: usize, talks: &[Talk], open: &Barrier) {
    let listens = |talk: &Talk| talk.from != end && !talk.refused;
    let listeners: Vec<Option<OwnedFd>> =
        talks.iter().map(|talk| if listens(talk) { listener(end, talk).ok() } else { None }).collect();
    let echo = UdpSocket::bind((addrs(end)[0], ECHO_PORT));
    open.wait();
    thread::scope(|scope| {
        for (talk, listener) in talks.iter().zip(listeners) {
            if talk.from == end {
                scope.spawn(move || {
                    thread::sleep(talk.after);
                    connect(end, talk).and_then(|stream| follow(&stream, &talk.scripts[0]))
                });
            } else if let Some(listener) = listener {
                scope.spawn(move || accept(&listener).and_then(|stream| follow(&stream, &talk.scripts[1])));
            }
        }
        scope.spawn(move || echo.and_then(|socket| datagrams(end, &socket)));
    });
}

/// The name of a socket in octets, as the kernel has it.
fn name(addr: IpAddr, port: u16) -> Vec<u8> {
    let family = if addr.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut name = u16::try_from(family).unwrap_or(0).to_ne_bytes().to_vec();
    name.extend(port.to_be_bytes());
    match addr {
        IpAddr::V4(addr) => {
            name.extend(addr.octets());
            name.extend([0; 8]);
        }
        IpAddr::V6(addr) => {
            name.extend([0; 4]);
            name.extend(addr.octets());
            name.extend([0; 4]);
        }
    }
    name
}

/// A socket of an end with its options.
fn socket(v6: bool, options: &Options) -> io::Result<OwnedFd> {
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    let socket = sys::socket(family, libc::SOCK_STREAM, 0)?;
    tune(socket.as_fd(), options);
    Ok(socket)
}

/// Sets options. Those that this kernel does not have are left as they are.
fn tune(socket: BorrowedFd<'_>, options: &Options) {
    let set = |level, name, number: i32| {
        let _ = sys::set_option(socket, (level, name), &number.to_ne_bytes());
    };
    let _ = sys::set_option(socket, (libc::IPPROTO_TCP, libc::TCP_CONGESTION), options.congestion.as_bytes());
    set(libc::SOL_SOCKET, libc::SO_REUSEADDR, 1);
    set(libc::IPPROTO_TCP, libc::TCP_NODELAY, options.no_delay.into());
    for (level, name, number) in [
        (libc::IPPROTO_TCP, libc::TCP_MAXSEG, options.max_segment),
        (libc::SOL_SOCKET, libc::SO_RCVBUF, options.receive_buffer),
        (libc::SOL_SOCKET, libc::SO_SNDBUF, options.send_buffer),
    ] {
        if number > 0 {
            set(level, name, number);
        }
    }
    if options.keep_alive {
        set(libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1);
        set(libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, 1);
        set(libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, 1);
    }
}

fn listener(end: usize, talk: &Talk) -> io::Result<OwnedFd> {
    let socket = socket(talk.v6, &talk.options[1])?;
    sys::bind(socket.as_fd(), &name(addrs(end)[usize::from(talk.v6)], talk.port))?;
    sys::listen(socket.as_fd(), 4)?;
    Ok(socket)
}

fn accept(listener: &OwnedFd) -> io::Result<TcpStream> {
    let patience = i32::try_from(PATIENCE.as_millis()).unwrap_or(i32::MAX);
    sys::poll(listener.as_fd(), libc::POLLIN, patience)?;
    let stream = TcpStream::from(sys::accept(listener.as_fd())?.0);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn connect(end: usize, talk: &Talk) -> io::Result<TcpStream> {
    let socket = socket(talk.v6, &talk.options[0])?;
    sys::connect(socket.as_fd(), &name(addrs(1 - end)[usize::from(talk.v6)], talk.port))?;
    Ok(TcpStream::from(socket))
}

fn follow(stream: &TcpStream, script: &Script) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let done = thread::scope(|scope| {
        let beside = scope.spawn(|| script.beside.iter().try_for_each(|act| perform(stream, *act)));
        let done = script.acts.iter().try_for_each(|act| perform(stream, *act));
        beside.join().map_or(Ok(()), |beside| beside.and(done))
    });
    if script.aborts {
        let linger = [1_i32.to_ne_bytes(), 0_i32.to_ne_bytes()].concat();
        sys::set_option(stream.as_fd(), (libc::SOL_SOCKET, libc::SO_LINGER), &linger)?;
    }
    done
}

fn perform(mut stream: &TcpStream, act: Act) -> io::Result<()> {
    match act {
        Act::Send(octets) => {
            let text: Vec<u8> = (0..CALL_OCTETS).map(|at| at.wrapping_mul(167).to_le_bytes()[0]).collect();
            let mut left = octets as usize;
            while left > 0 {
                left -= stream.write(&text[..left.min(CALL_OCTETS)])?;
            }
            Ok(())
        }
        Act::Recv(octets) => read(stream, octets as usize),
        Act::RecvAll => read(stream, usize::MAX),
        Act::Sleep(millis) => {
            thread::sleep(Duration::from_millis(millis.into()));
            Ok(())
        }
        Act::Shut => stream.shutdown(Shutdown::Write),
        Act::Urgent => sys::send(stream.as_fd(), b"!", libc::MSG_OOB, None).map(|_| ()),
    }
}

fn read(mut stream: &TcpStream, octets: usize) -> io::Result<()> {
    let (mut room, mut left) = (vec![0; CALL_OCTETS], octets);
    while left > 0 {
        let read = stream.read(&mut room[..left.min(CALL_OCTETS)])?;
        if read == 0 {
            return Ok(());
        }
        left -= read;
    }
    Ok(())
}

/// Datagrams of several sizes to somebody who answers and to nobody, and pings from the first end.
fn datagrams(end: usize, socket: &UdpSocket) -> io::Result<()> {
    let peer = addrs(1 - end)[0];
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut room = [0; 4_096];
    if end == 1 {
        while let Ok((octets, from)) = socket.recv_from(&mut room) {
            socket.send_to(&room[..octets], from)?;
        }
        return Ok(());
    }
    for octets in [0, 1, 100, 1_400, 3_000] {
        socket.send_to(&room[..octets], (peer, ECHO_PORT))?;
        socket.send_to(&room[..octets], (peer, CLOSED_PORT))?;
        let mut answer = [0; 4_096];
        // What is lost is lost.
        let _ = socket.recv_from(&mut answer);
    }
    for number in 0..3_u8 {
        let ping = sys::socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)?;
        let mut echo = vec![8, 0, 0, 0, 0, 7, 0, number, 1, 2, 3, 4];
        let sum = stack::wire::checksum::of(&echo);
        echo[2..4].copy_from_slice(&sum.to_be_bytes());
        sys::send(ping.as_fd(), &echo, 0, Some(&name(peer, 0)))?;
    }
    Ok(())
}
