//! A chat server with rooms, in which a member who does not read holds up the others for a while, and is then shown out.
//!
//! Shows: a server that ends gracefully, buffered streams, a bounded queue for each member. Back-pressure goes all the way:
//! who speaks waits for a place in everybody's queue, so the server stops reading from a room that speaks faster than its
//! slowest member reads. Only a member who is late for too long loses the place.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use trill::channel::{self, Sender};
use trill::io::{ReadError, Reader, Writer};
use trill::lock::{Barrier, Mutex};
use trill::net::{OwnedReadHalf, OwnedWriteHalf, TcpStream};
use trill::server::{Server, open_connection};
use trill::task::{CancelToken, Group, group};
use trill::time::timeout;
use trill_examples::{Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

type Lines = Reader<trill::io::Joined<OwnedReadHalf, OwnedWriteHalf>>;
type Answers = Writer<OwnedWriteHalf>;

/// Runs the server and its guests, and checks what everybody heard.
async fn run() -> io::Result<Vec<Row>> {
    let start = trill::time::now();
    let rooms = Arc::new(Rooms::default());
    let server = Server::builder().name("chat").bind("127.0.0.1:0").await?;
    let hall = rooms.clone();
    let server = server.serve_streams(move |reader, writer| {
        let rooms = hall.clone();
        async move { rooms.welcome(reader, writer).await }
    })?;
    let address = server.local_addrs()[0];

    // One who enters a room and never reads, and one who speaks there until that is noticed.
    let silent = TcpStream::connect(address).await?;
    silent.write_all(b"corner silent\n").await?;
    let talker = trill::spawn(talk(address));

    let guests = scale(40, 8);
    let all_are_here = Arc::new(Barrier::new(guests));
    let heard = group(async |g: Group<io::Error>| {
        let mut heard = Vec::new();
        for number in 0..guests {
            let guest = visit(address, number, guests, all_are_here.clone());
            heard.push(
                g.spawn(guest)
                    .map_err(|refused| io::Error::other(refused.to_string()))?,
            );
        }
        let mut lines = 0;
        for guest in heard {
            lines += guest.await.unwrap_or(0);
        }
        Ok(lines)
    });
    let heard = heard
        .await
        .map_err(|error| io::Error::other(error.to_string()))?;
    let talked = talker.await?;
    let ended = server.shutdown(Duration::from_secs(10)).await;

    let lines = guests / ROOMS * guests * SPOKEN;
    if heard != Some(lines) {
        return Err(io::Error::other(format!(
            "{heard:?} lines were heard, {lines} were spoken"
        )));
    }
    let took = trill::time::now() - start;
    Ok(vec![
        Row::new(
            "chat",
            format!("{guests} guests in {ROOMS} rooms, {SPOKEN} lines each"),
            format!("{lines} lines heard, in order, in {took:.2?}"),
        ),
        Row::new(
            "chat",
            "a guest who never reads",
            format!(
                "shown out after {} KiB; {} connections cut off at the end",
                talked >> 10,
                ended.aborted
            ),
        ),
    ])
}

/// The rooms, and who is in them.
#[derive(Default)]
struct Rooms {
    members: Mutex<BTreeMap<String, Vec<Member>>>,
}

#[derive(Clone)]
struct Member {
    name: String,
    lines: Sender<Arc<str>>,
    /// Shows it out.
    door: CancelToken,
}

impl Rooms {
    /// Serves one connection: `room name` first, then lines for the room.
    async fn welcome(&self, mut reader: Lines, writer: Answers) -> Result<(), ReadError> {
        let first = text(reader.read_line().await?);
        let Some((room, name)) = first.split_once(' ') else {
            writer.write(b"say `room name` first\n")?;
            return Ok(());
        };
        let (lines, queue) = channel::bounded(QUEUE);
        let door = CancelToken::new();
        let member = Member {
            name: name.to_string(),
            lines,
            door: door.clone(),
        };
        let mut members = self.members.lock().await;
        members.entry(room.to_string()).or_default().push(member);
        drop(members);
        // From here on it hears everything, so it may know.
        writer.write(ENTERED.as_bytes())?;
        let speak = async {
            loop {
                let line = text(reader.read_line().await?);
                if line.is_empty() {
                    return Ok(());
                }
                self.tell(room, &format!("{name}: {line}\n")).await;
            }
        };
        let listen = async {
            while let Ok(line) = queue.recv().await {
                // Waits while the peer does not read; the queue fills up meanwhile.
                writer.write_all(line.as_bytes()).await?;
            }
            Ok(())
        };
        let ended = door.run(trill::future::or(speak, listen)).await;
        self.leave(room, name).await;
        match ended {
            Ok(Err(ReadError::Io(error))) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
            Ok(ended) => ended,
            Err(_shown_out) => {
                // There is more to send, which nobody reads.
                writer.abort();
                Ok(())
            }
        }
    }

    /// Gives a line to everybody in the room, and waits for those whose queues are full.
    async fn tell(&self, room: &str, line: &str) {
        let mut lines = VecDeque::from([Arc::from(line)]);
        while let Some(line) = lines.pop_front() {
            let members = self.members.lock().await.get(room).cloned();
            for member in members.unwrap_or_default() {
                let send = timeout(PATIENCE, member.lines.send(Arc::clone(&line)));
                if send.await.is_err() && self.leave(room, &member.name).await {
                    lines.push_back(format!("{}{SHOWN_OUT}", member.name).into());
                }
            }
        }
    }

    /// Removes a member, whose connection then ends; says whether it was there.
    async fn leave(&self, room: &str, name: &str) -> bool {
        let mut members = self.members.lock().await;
        let Some(members) = members.get_mut(room) else {
            return false;
        };
        let Some(at) = members.iter().position(|member| member.name == name) else {
            return false;
        };
        members.remove(at).door.cancel("too late")
    }
}

/// A guest: speaks, and listens until everybody in the room has been heard; returns how many lines that were.
async fn visit(
    address: SocketAddr,
    number: usize,
    guests: usize,
    all_are_here: Arc<Barrier>,
) -> io::Result<usize> {
    let (mut reader, writer) = open_connection(&address.ip().to_string(), address.port()).await?;
    let room = number % ROOMS;
    writer
        .write_all(format!("room-{room} guest-{number}\n").as_bytes())
        .await?;
    reader.read_until(ENTERED).await?;
    all_are_here.wait().await;
    let speak = async {
        for n in 0..SPOKEN {
            writer.write_all(format!("line {n}\n").as_bytes()).await?;
        }
        writer.flush().await
    };
    let listen = async {
        // Of each member the lines come in the order in which they were spoken.
        let mut next: BTreeMap<String, usize> = BTreeMap::new();
        let mut heard = 0;
        while heard < guests / ROOMS * SPOKEN {
            let line = text(reader.read_line().await?);
            let (who, said) = line
                .split_once(": line ")
                .ok_or_else(|| io::Error::other(line.clone()))?;
            let expected = next.entry(who.to_string()).or_default();
            if said.parse() != Ok(*expected) {
                return Err(io::Error::other(format!(
                    "{who} said {said} after {expected}"
                )));
            }
            *expected += 1;
            heard += 1;
        }
        Ok(heard)
    };
    let ((), heard) = trill::future::try_zip(speak, listen).await?;
    Ok(heard)
}

/// Speaks to the one who never reads until that one is shown out; returns how many bytes that took.
async fn talk(address: SocketAddr) -> io::Result<usize> {
    let (mut reader, writer) = open_connection(&address.ip().to_string(), address.port()).await?;
    writer.write(b"corner talker\n")?;
    let line = format!("{}\n", "x".repeat(4096));
    let mut spoken = 0;
    let speak = async {
        loop {
            writer.write_all(line.as_bytes()).await?;
            spoken += line.len();
        }
    };
    let listen = async {
        while !text(reader.read_line().await?).ends_with(SHOWN_OUT.trim_end()) {}
        io::Result::Ok(())
    };
    trill::future::or(speak, listen).await?;
    Ok(spoken)
}

/// A line without its end.
fn text(line: Vec<u8>) -> String {
    String::from_utf8_lossy(&line).trim_end().to_string()
}

/// What a guest hears first, and what a room hears of one who does not read.
const ENTERED: &str = "you are in\n";
const SHOWN_OUT: &str = " was shown out\n";

const ROOMS: usize = 4;

/// How many lines each guest speaks.
const SPOKEN: usize = 50;

/// How many lines wait for a member who reads slowly.
const QUEUE: usize = 16;

/// How long a room waits for one member.
const PATIENCE: Duration = Duration::from_secs(2);
