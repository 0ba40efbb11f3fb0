//! Certificates in files, and children that do not outlive their test.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use trill::future::zip;
use trill::net::{TcpListener, TcpStream};
use trill::process::{Child, Command};
use trill::tls::rustls::Error;
use trill::tls::self_signed::{Authority, Issued};
use trill::tls::{TlsAcceptor, TlsAcceptorBuilder, TlsConnector, TlsError, TlsStream};

pub(crate) type Tls = TlsStream<TcpStream>;

/// Certificates, also in files of a directory that goes with them.
pub(crate) struct Files {
    folder: PathBuf,
    pub(crate) authority: Authority,
}

impl Files {
    pub(crate) fn new(test: &str) -> Files {
        let name = format!("trill-tls-peers-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let authority = Authority::new("trill tests").unwrap();
        std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
        Files { folder, authority }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a certificate and its key as `name.pem` and `name.key`.
    pub(crate) fn keep(&self, name: &str, issued: Issued) -> Issued {
        let write = |end: &str, text: &str| {
            std::fs::write(Path::new(&self.path(&format!("{name}.{end}"))), text).unwrap();
        };
        write("pem", issued.certificate_pem());
        write("key", issued.key_pem());
        issued
    }

    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.keep(name, self.authority.issue([name]).unwrap())
    }

    /// A certificate for localhost that was good in the year 2000.
    pub(crate) fn expired(&self) -> Issued {
        let year = Duration::from_secs(31_556_952);
        let (from, to) = (UNIX_EPOCH + year * 30, UNIX_EPOCH + year * 31);
        let issued = self.authority.issue_for_time(["localhost"], from, to);
        self.keep("expired", issued.unwrap())
    }

    pub(crate) fn accepting(&self) -> TlsAcceptorBuilder {
        TlsAcceptor::builder().identity(self.issue("localhost").into_identity())
    }

    pub(crate) fn connector(&self) -> TlsConnector {
        TlsConnector::builder()
            .roots(self.authority.roots())
            .build()
            .unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A child that does not outlive its test.
pub(crate) fn spawn(program: &str, args: &[&str]) -> Child {
    Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot run {program}, which `cargo xtask test-all` installs: {error}")
        })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What rustls said.
pub(crate) fn reason<T>(result: io::Result<T>) -> Error {
    let error = result.err().expect("it should have failed");
    let Some(tls) = TlsError::of(&error) else {
        panic!("{error}")
    };
    tls.reason().clone()
}

/// Accepts one connection beside a peer that is told the port.
pub(crate) async fn serve<T, O, F: Future<Output = T>>(
    acceptor: &TlsAcceptor,
    handler: impl FnOnce(io::Result<Tls>) -> F,
    peer: impl AsyncFnOnce(u16) -> O,
) -> (T, O) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        handler(acceptor.accept(stream).await).await
    };
    zip(server, peer(port)).await
}
