//! What time it is for certificates.

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The wall clock of the current world, which decides whether a certificate is valid.
#[derive(Debug)]
pub(crate) struct WorldTime;

impl TimeProvider for WorldTime {
    fn current_time(&self) -> Option<UnixTime> {
        let since = trill_world::system_time().duration_since(std::time::UNIX_EPOCH);
        since.ok().map(UnixTime::since_unix_epoch)
    }
}
