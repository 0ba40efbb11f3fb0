//! Sockets as hickory uses them.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use hickory_net::runtime::{DnsTcpStream, DnsUdpSocket};

use super::time::HickoryTime;
use crate::{TcpStream, UdpSocket};

impl DnsTcpStream for TcpStream {
    type Time = HickoryTime;
}

impl DnsUdpSocket for UdpSocket {
    type Time = HickoryTime;

    #[track_caller]
    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        UdpSocket::poll_recv_from(self, cx, buf)
    }

    #[track_caller]
    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        UdpSocket::poll_send_to(self, cx, buf, target)
    }
}
