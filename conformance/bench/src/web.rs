//! A web server and its clients, over the sockets of this machine: very many short connections to record.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The first port that the server listens on.
const PORT: u16 = 8000;
/// How many ports there are: a client has too few of its own for one of the server.
const PORTS: u16 = 16;
/// Clients at the same time.
const CLIENTS: u32 = 16;

const REQUEST: &[u8] =
    b"GET /index.html HTTP/1.0\r\nHost: www.example.com\r\nUser-Agent: netassay-bench\r\n\r\n";

fn answer() -> Vec<u8> {
    let mut answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n".to_vec();
    answer.resize(answer.len() + 1024, b'.');
    answer
}

/// Answers one request, and closes.
fn serve_one(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut request = [0; 1024];
    let mut len = 0;
    while !request[..len].ends_with(b"\r\n\r\n") {
        match stream.read(&mut request[len..])? {
            0 => return Ok(()),
            octets => len += octets,
        }
    }
    stream.write_all(answer)
}

/// Serves on all ports until it is ended.
pub(crate) fn serve(addr: IpAddr) -> io::Result<()> {
    let listeners: Vec<TcpListener> =
        (PORT..PORT + PORTS).map(|port| TcpListener::bind((addr, port))).collect::<io::Result<_>>()?;
    let answer = answer();
    thread::scope(|scope| {
        for listener in &listeners {
            let answer = &answer;
            scope.spawn(move || {
                // A client that goes away is its own affair.
                for stream in listener.incoming().flatten() {
                    let _ = serve_one(stream, answer);
                }
            });
        }
    });
    Ok(())
}

fn ask(server: SocketAddr, expected: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(REQUEST)?;
    let mut answer = Vec::with_capacity(expected);
    stream.read_to_end(&mut answer)?;
    if answer.len() == expected { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Makes so many connections to the server, some at the same time.
pub(crate) fn load(addr: IpAddr, connections: u32) -> io::Result<()> {
    let expected = answer().len();
    thread::scope(|scope| {
        let client = |client: u32| {
            scope.spawn(move || {
                (client..connections).step_by(CLIENTS as usize).try_for_each(|number| {
                    let port = PORT + u16::try_from(number % u32::from(PORTS)).expect("a small number");
                    ask(SocketAddr::new(addr, port), expected)
                })
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        clients.into_iter().try_for_each(|client| client.join().expect("a client does not panic"))
    })
}
