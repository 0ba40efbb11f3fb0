//! Rows about TLS: the same configuration of rustls under each peer's adapter.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::Plan;
use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::peers::Tls;
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Tls>(work: Work, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    match work {
        Work::TlsHandshake => Some(handshake::<P>(plan)),
        Work::TlsBulk => Some(bulk::<P>(plan)),
        _ => None,
    }
}

/// Both sides of a connection, with keys of this run, by ring. No session is resumed.
fn sides() -> io::Result<(Arc<ClientConfig>, Arc<ServerConfig>)> {
    let issued = rcgen::generate_simple_self_signed([NAME.to_owned()]).map_err(io::Error::other)?;
    let certificate = issued.cert.der().clone();
    let key = PrivateKeyDer::from_pem_slice(issued.signing_key.serialize_pem().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok((Arc::new(client), Arc::new(server)))
}

fn handshake<P: Tls>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000);
    P::run(plan.workers(), async move {
        let (client, server) = sides()?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = P::listen(listener)?;
        let total = count + count / WARM_UP_DIVISOR;
        let accepting = P::spawn(async move {
            for _ in 0..total {
                let stream = P::accept(&listener).await?;
                P::set_nodelay(&stream)?;
                let mut tls = P::accept_tls(&server, stream).await?;
                P::write_tls(&mut tls, &[7]).await?;
            }
            io::Result::Ok(())
        });
        let connecting = P::spawn(async move {
            let mut watch = Watch::start();
            for index in 0..total {
                if index == total - count {
                    watch = Watch::start();
                }
                let stream = P::connect(address).await?;
                P::set_nodelay(&stream)?;
                let mut tls = P::connect_tls(&client, NAME, stream).await?;
                if P::read_tls(&mut tls, &mut [0]).await? != 1 {
                    return Err(io::Error::other("the server sent nothing"));
                }
            }
            Ok(watch.figures(count))
        });
        let figures = connecting.await?;
        accepting.await?;
        Ok(figures)
    })?
}

fn bulk<P: Tls>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(1_000);
    P::run(plan.workers(), async move {
        let (client, server) = sides()?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = P::listen(listener)?;
        let total = count + count / WARM_UP_DIVISOR;
        let sending = P::spawn(async move {
            let stream = P::accept(&listener).await?;
            let mut tls = P::accept_tls(&server, stream).await?;
            let buffer = vec![7; BUFFER_BYTES];
            for _ in 0..total * MIB / BUFFER_BYTES {
                P::write_tls(&mut tls, &buffer).await?;
            }
            // The receiver counts, and need not be told of the end; it answers when it has everything.
            P::read_tls(&mut tls, &mut [0]).await.map(drop)
        });
        let receiving = P::spawn(async move {
            let stream = P::connect(address).await?;
            let mut tls = P::connect_tls(&client, NAME, stream).await?;
            let mut buffer = vec![0; BUFFER_BYTES];
            let mut watch = Watch::start();
            let (mut came, warm) = (0, (total - count) * MIB);
            while came < total * MIB {
                let was_warm = came >= warm;
                came += match P::read_tls(&mut tls, &mut buffer).await? {
                    0 => return Err(io::Error::other("the sender ended early")),
                    count => count,
                };
                if !was_warm && came >= warm {
                    watch = Watch::start();
                }
            }
            let figures = watch.figures(count);
            P::write_tls(&mut tls, &[7]).await?;
            io::Result::Ok(figures)
        });
        let figures = receiving.await?;
        sending.await?;
        Ok(figures)
    })?
}

/// Wall and CPU time per item, in µs.
struct Watch {
    clock: Clock,
    cpu: Cpu,
}

impl Watch {
    fn start() -> Watch {
        Watch {
            clock: Clock::start(),
            cpu: Cpu::used(),
        }
    }

    fn figures(&self, count: usize) -> Vec<f64> {
        let cpu_ns = clock::per(Cpu::used().since(self.cpu).total(), count);
        vec![self.clock.ns_per(count) / 1000.0, cpu_ns / 1000.0]
    }
}

/// The name of the server.
const NAME: &str = "localhost";

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;

const MIB: usize = 1 << 20;

/// What is written and read at a time.
const BUFFER_BYTES: usize = 64 * 1024;
