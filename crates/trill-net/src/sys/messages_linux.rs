//! Many datagrams in one call, on Linux.
#![allow(unsafe_code)] // Calls `sendmmsg` and `recvmmsg`, which take arrays of pointers.
#![allow(clippy::unnecessary_cast)] // The C libraries have different types for lengths.

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::udp::batch::{MESSAGES_MAX, Message, Slot};

/// Rows of datagrams may be sent as one message.
pub(crate) const SEGMENTS: bool = true;

/// What the kernel says of a message that it may only refuse because it is a row.
///
/// `EINVAL` and `EMSGSIZE`: its datagrams are longer than a packet may be, or the kernel is old. `EIO`: the network card
/// cannot do checksums.
pub(crate) const ROW_REFUSED: &[i32] = &[
    libc::EINVAL,
    libc::EMSGSIZE,
    libc::EIO,
    libc::EOPNOTSUPP,
    libc::ENOPROTOOPT,
];

/// Sends the first messages, at most [`MESSAGES_MAX`] of them; returns how many.
pub(crate) fn send_messages(fd: BorrowedFd<'_>, messages: &[Message<'_>]) -> io::Result<usize> {
    let count = messages.len().min(MESSAGES_MAX);
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MESSAGES_MAX];
    let mut slices = [const { MaybeUninit::<libc::iovec>::uninit() }; MESSAGES_MAX];
    let mut names = [const { MaybeUninit::<Name>::uninit() }; MESSAGES_MAX];
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MESSAGES_MAX];
    for (index, message) in messages[..count].iter().enumerate() {
        let mut header = empty();
        if let Some(to) = message.to {
            let (name, len) = name_of(to);
            header.msg_hdr.msg_name = ptr::from_mut(names[index].write(name)).cast();
            header.msg_hdr.msg_namelen = len;
        }
        header.msg_hdr.msg_iov = slices[index].write(libc::iovec {
            // The kernel only reads it.
            iov_base: message.bytes.as_ptr().cast_mut().cast(),
            iov_len: message.bytes.len(),
        });
        header.msg_hdr.msg_iovlen = 1 as _;
        if message.segment != 0 {
            let control = controls[index].write(Control::segment(message.segment));
            header.msg_hdr.msg_control = ptr::from_mut(control).cast();
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
        headers[index].write(header);
    }
    loop {
        // SAFETY: the first `count` headers were written above, with pointers to entries of arrays that live until the
        // end of this function and to buffers that `messages` borrows; the lengths are those of what they point to. A wrong
        // pointer or length fails `batches_carry_every_datagram_to_its_address` in `tests/udp_batch.rs`.
        let sent = unsafe {
            libc::sendmmsg(
                fd.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                count as _,
                libc::MSG_NOSIGNAL as _,
            )
        };
        match counted(sent) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Receives up to as many messages as there are slots and [`MESSAGES_MAX`] allows, each into its `size` bytes of
/// `bytes`; returns how many.
pub(crate) fn recv_messages(
    fd: BorrowedFd<'_>,
    bytes: &mut [u8],
    size: usize,
    slots: &mut [Slot],
) -> io::Result<usize> {
    let count = slots.len().min(MESSAGES_MAX);
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MESSAGES_MAX];
    let mut slices = [const { MaybeUninit::<libc::iovec>::uninit() }; MESSAGES_MAX];
    let mut names = [const { MaybeUninit::<Name>::uninit() }; MESSAGES_MAX];
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MESSAGES_MAX];
    let buffers = bytes.chunks_exact_mut(size);
    for (index, buffer) in (0..count).zip(buffers) {
        let mut header = empty();
        header.msg_hdr.msg_name = names[index].as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = size_of::<Name>() as _;
        header.msg_hdr.msg_iov = slices[index].write(libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        });
        header.msg_hdr.msg_iovlen = 1 as _;
        header.msg_hdr.msg_control = controls[index].as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        headers[index].write(header);
    }
    let received = loop {
        // SAFETY: the first `count` headers were written above: the caller has `count` buffers of `size` bytes in
        // `bytes`, or `chunks_exact_mut` would have ended early and the assertion in `RecvBatch::new` failed. Their
        // pointers are to exclusive memory that lives until the end of this function. A wrong pointer or length fails
        // `batches_carry_every_datagram_to_its_address` in `tests/udp_batch.rs`.
        let received = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                count as _,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        match counted(received) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    for (index, slot) in slots[..received].iter_mut().enumerate() {
        // SAFETY: this header was written before the call, which gave back at least `received` of them. See above.
        let header = unsafe { headers[index].assume_init_ref() };
        *slot = Slot {
            len: header.msg_len as usize,
            sender: address_of(&names[index], header.msg_hdr.msg_namelen as usize)?,
            segment: segment_of(&controls[index], header.msg_hdr.msg_controllen as usize),
            is_truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
        };
    }
    Ok(received)
}

/// Asks the kernel to hand over rows of datagrams as one message; says whether it does.
pub(crate) fn set_receive_offload(fd: BorrowedFd<'_>, offload: bool) -> io::Result<bool> {
    match super::set_option(fd, libc::SOL_UDP, libc::UDP_GRO, libc::c_int::from(offload)) {
        Ok(()) => Ok(offload),
        // An older kernel.
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a call returned, or the error that it left.
fn counted(result: libc::c_int) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// A header that points to nothing.
fn empty() -> libc::mmsghdr {
    // SAFETY: a header of zeros is one with null pointers and lengths of 0. It is not written field by field because some
    // systems have fields without a name. A header that is wrong fails every test in `tests/udp_batch.rs`.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Room for the address of an internet socket; the family is at the same place in both.
#[repr(C)]
#[derive(Clone, Copy)]
union Name {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

/// An address for the system, and its length.
fn name_of(address: SocketAddr) -> (Name, libc::socklen_t) {
    match address {
        SocketAddr::V4(v4) => {
            let name = libc::sockaddr_in {
                sin_family: libc::AF_INET as _,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(v4.ip().octets()),
                },
                sin_zero: [0; 8],
            };
            (Name { v4: name }, size_of::<libc::sockaddr_in>() as _)
        }
        SocketAddr::V6(v6) => {
            let name = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as _,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr {
                    s6_addr: v6.ip().octets(),
                },
                sin6_scope_id: v6.scope_id(),
            };
            (Name { v6: name }, size_of::<libc::sockaddr_in6>() as _)
        }
    }
}

/// An address from the system, of which `len` bytes were written.
fn address_of(name: &MaybeUninit<Name>, len: usize) -> io::Result<SocketAddr> {
    let name = name.as_ptr();
    if len >= size_of::<libc::sockaddr_in6>() {
        // SAFETY: the system has written as many bytes as this type has, and any bytes are a value of it. A wrong length
        // fails `batches_carry_every_datagram_to_its_address` in `tests/udp_batch.rs`, which compares addresses.
        let v6 = unsafe { name.cast::<libc::sockaddr_in6>().read() };
        return Ok(SocketAddrV6::new(
            Ipv6Addr::from(v6.sin6_addr.s6_addr),
            u16::from_be(v6.sin6_port),
            v6.sin6_flowinfo,
            v6.sin6_scope_id,
        )
        .into());
    }
    if len >= size_of::<libc::sockaddr_in>() {
        // SAFETY: as above.
        let v4 = unsafe { name.cast::<libc::sockaddr_in>().read() };
        let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
        return Ok(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "a datagram came without an internet address: is this a UDP socket?",
    ))
}

/// A control message with one number: how long the datagrams of a row are.
#[repr(C)]
#[derive(Clone, Copy)]
struct Control {
    header: libc::cmsghdr,
    value: ControlValue,
}

/// Sending takes two bytes, receiving gives four; with either the message is padded to a word.
#[repr(C)]
#[derive(Clone, Copy)]
union ControlValue {
    sent: u16,
    /// What is received, which is read through a pointer.
    _received: libc::c_int,
    _word: usize,
}

impl Control {
    fn segment(segment: u16) -> Control {
        // SAFETY: a control message of zeros is a valid value of numbers alone. Written so because some systems have
        // fields without a name. `rows_are_taken_apart_by_the_kernel` in `tests/udp_batch.rs` would fail.
        let mut control: Control = unsafe { MaybeUninit::zeroed().assume_init() };
        control.header.cmsg_level = libc::SOL_UDP;
        control.header.cmsg_type = libc::UDP_SEGMENT;
        control.header.cmsg_len = (size_of::<libc::cmsghdr>() + size_of::<u16>()) as _;
        control.value.sent = segment;
        control
    }
}

/// What a received control message of `len` bytes says about a row; 0 for none.
fn segment_of(control: &MaybeUninit<Control>, len: usize) -> usize {
    if len < size_of::<libc::cmsghdr>() + size_of::<libc::c_int>() {
        return 0;
    }
    let start = control.as_ptr();
    // SAFETY: the header is the first field, the system has written more bytes than it has, and it is numbers alone.
    // `rows_come_together` in `tests/udp_batch.rs` would fail.
    let header = unsafe { start.cast::<libc::cmsghdr>().read() };
    if (header.cmsg_level, header.cmsg_type) != (libc::SOL_UDP, libc::UDP_GRO) {
        return 0;
    }
    let value = start
        .cast::<u8>()
        .wrapping_add(std::mem::offset_of!(Control, value));
    // SAFETY: behind the header the system has written at least a number of this size, by the check above, and the
    // field is aligned for one. `rows_come_together` in `tests/udp_batch.rs` would fail.
    let segment = unsafe { value.cast::<libc::c_int>().read() };
    usize::try_from(segment).unwrap_or(0)
}
