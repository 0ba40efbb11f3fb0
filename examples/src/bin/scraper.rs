//! A web scraper with limits: depth, requests at once, requests in a second. The site is local, and fails now and then.
//!
//! Shows: a task group whose children spawn further ones, a capacity limiter, a rate limiter, retries with back-off. Each
//! page is a task, so the program reads like the recursion that it is; the limits stand beside it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trill::io::{ReadError, Reader, Writer};
use trill::limit::{CapacityLimiter, RateLimiter, Retry};
use trill::net::{OwnedReadHalf, OwnedWriteHalf};
use trill::server::{open_connection, start_server};
use trill::task::{Group, group};
use trill_examples::{Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

type Requests = Reader<trill::io::Joined<OwnedReadHalf, OwnedWriteHalf>>;
type Answers = Writer<OwnedWriteHalf>;

/// Starts the site, scrapes it, and checks that every page within the depth was found once.
async fn run() -> io::Result<Vec<Row>> {
    let depth = scale(4, 3);
    let site = Arc::new(Site::default());
    let pages = site.clone();
    let server = start_server("127.0.0.1:0", move |reader, writer| {
        let site = pages.clone();
        async move { site.answer(reader, writer).await }
    });
    let server = server.await?;

    let start = trill::time::now();
    let scraper = Arc::new(Scraper::new(server.local_addrs()[0], depth));
    let scraped = group(async |g: Group<io::Error>| {
        visit(scraper.clone(), g.clone(), "/".to_string(), 0).await
    });
    scraped
        .await
        .map_err(|error| io::Error::other(error.to_string()))?;
    let took = trill::time::now() - start;
    server.shutdown(Duration::from_secs(5)).await;

    let found = std::mem::take(&mut *lock(&scraper.found));
    let expected: usize = (0..=depth).map(|level| LINKS.pow(level)).sum();
    if found.len() != expected {
        return Err(io::Error::other(format!(
            "{} pages, not {expected}",
            found.len()
        )));
    }
    let [requests, refused, at_once] = [&site.requests, &site.refused, &site.at_once_max]
        .map(|count| count.load(Ordering::Relaxed));
    if at_once > AT_ONCE || requests != expected + refused {
        return Err(io::Error::other(format!(
            "{requests} requests, {at_once} at once"
        )));
    }
    let pace = requests as f64 / took.as_secs_f64();
    Ok(vec![
        Row::new(
            "scraper",
            format!("{expected} pages, {depth} levels deep"),
            format!("{took:.2?}, {requests} requests, {refused} of them refused and repeated"),
        ),
        Row::new(
            "scraper",
            format!("at most {AT_ONCE} at once, {RATE} in a second"),
            format!("{at_once} at once, {pace:.0} in a second"),
        ),
    ])
}

/// What the tasks of one scrape share.
struct Scraper {
    address: SocketAddr,
    depth: u32,
    at_once: CapacityLimiter,
    rate: RateLimiter,
    retry: Retry,
    /// The pages seen so far, with their titles once they are there.
    found: Mutex<BTreeMap<String, String>>,
}

impl Scraper {
    fn new(address: SocketAddr, depth: u32) -> Scraper {
        Scraper {
            address,
            depth,
            at_once: CapacityLimiter::new(AT_ONCE),
            rate: RateLimiter::new(RATE, Duration::from_secs(1)).burst(AT_ONCE as u32),
            retry: Retry::new(Duration::from_millis(5)).attempts_max(20),
            found: Mutex::default(),
        }
    }

    /// Says whether nobody has been at this page before.
    fn is_new(&self, path: &str) -> bool {
        match lock(&self.found).entry(path.to_string()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(String::new());
                true
            }
        }
    }

    /// Gets a page, within all limits, as often as it takes.
    async fn get(&self, path: &str) -> io::Result<String> {
        let attempt = async || {
            // The token is given back between attempts, so that others go on meanwhile.
            let _token = self.at_once.acquire().await.map_err(io::Error::other)?;
            self.rate.acquire(1).await.map_err(io::Error::other)?;
            self.request(path).await
        };
        self.retry.run(attempt).await.map_err(io::Error::other)
    }

    /// One request, one answer, one connection.
    async fn request(&self, path: &str) -> io::Result<String> {
        let (mut reader, writer) =
            open_connection(&self.address.ip().to_string(), self.address.port()).await?;
        writer.write_all(format!("GET {path}\n").as_bytes()).await?;
        let status = text(reader.read_line().await?);
        if status != "200" {
            return Err(io::Error::other(status));
        }
        Ok(text(reader.read_to_end(PAGE_BYTES_MAX).await?))
    }
}

/// Reads a page, and spawns a task for each page it links to.
fn visit(
    scraper: Arc<Scraper>,
    group: Group<io::Error>,
    path: String,
    level: u32,
) -> trill::future::Boxed<io::Result<()>> {
    Box::pin(async move {
        if !scraper.is_new(&path) {
            return Ok(());
        }
        let page = scraper.get(&path).await?;
        let (title, links) = page.split_once('\n').unwrap_or((&page, ""));
        lock(&scraper.found).insert(path, title.to_string());
        if level < scraper.depth {
            for link in links.lines() {
                let child = visit(scraper.clone(), group.clone(), link.to_string(), level + 1);
                // A group that ends takes no more children.
                let _ = group.spawn(child);
            }
        }
        Ok(())
    })
}

/// A site without end: each page links to some below it, and back to the first. Every seventh request is refused.
#[derive(Default)]
struct Site {
    requests: AtomicUsize,
    refused: AtomicUsize,
    at_once: AtomicUsize,
    at_once_max: AtomicUsize,
}

impl Site {
    async fn answer(&self, mut reader: Requests, writer: Answers) -> Result<(), ReadError> {
        let at_once = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.at_once_max.fetch_max(at_once, Ordering::Relaxed);
        let line = text(reader.read_line().await?);
        let path = line
            .strip_prefix("GET ")
            .unwrap_or("/")
            .trim_end_matches('/');
        // As if it were far away.
        trill::time::sleep(Duration::from_millis(2)).await;
        self.at_once.fetch_sub(1, Ordering::Relaxed);
        if self.requests.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
            self.refused.fetch_add(1, Ordering::Relaxed);
            writer.write(b"503\n")?;
        } else {
            writer.write(format!("200\nPage {path}\n/\n").as_bytes())?;
            for link in 0..LINKS {
                writer
                    .write_all(format!("{path}/{link}\n").as_bytes())
                    .await?;
            }
        }
        Ok(writer.close().await?)
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end().to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many further pages each page links to.
const LINKS: usize = 4;

/// How many requests there may be at a time, and in a second.
const AT_ONCE: usize = 8;
const RATE: u32 = 1000;

const PAGE_BYTES_MAX: usize = 64 << 10;
