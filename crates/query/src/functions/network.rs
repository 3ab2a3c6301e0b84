//! Addresses and networks.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray, BinaryArray, BooleanArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{Texts, array, result, rows, texts};
use super::scalar::{Definition, Kind, define};

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("ip_in_cidr", &[Kind::Text, Kind::Text], |_| DataType::Boolean, ip_in_cidr, "ip_in_cidr(address, '10.0.0.0/8')", "whether an IPv4 or IPv6 address lies in one of the networks, separated by commas; null for what is no address"),
    define("cidr_contains", &[Kind::Text, Kind::Any], |_| DataType::Boolean, cidr_contains, "cidr_contains('10.0.0.0/8', address)", "the same, the other way round; the address as text or as `ip_key` gives it"),
    define("ip_key", &[Kind::Text], |_| DataType::Binary, ip_key, "ip_key(address)", "16 bytes that compare as addresses do; null for what is no address"),
    define("is_ip", &[Kind::Text], |_| DataType::Boolean, is_ip, "is_ip(text)", "whether a text is an address, and not the name of a service"),
    define("is_private_ip", &[Kind::Text], |_| DataType::Boolean, is_private_ip, "is_private_ip(address)", "whether an address is of a private, loopback or link-local network; null for what is no address"),
];

/// An address as 16 bytes: IPv4 is written as it is in IPv6.
pub(super) fn key(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

/// A network: its first address and how many bits of it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) bits: u128,
    pub(super) mask: u128,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (parse(address)?, Some(length.parse::<u32>().ok()?)),
            None => (parse(text)?, None),
        };
        let (width, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let length = before + length.unwrap_or(width);
        if length > 128 {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        Some(Self { bits: u128::from_be_bytes(key(address)) & mask, mask })
    }

    pub(super) fn contains(self, address: [u8; 16]) -> bool {
        u128::from_be_bytes(address) & self.mask == self.bits
    }
}

/// Networks by row; a constant is read once.
enum Networks {
    Same(Option<Vec<Network>>),
    Each(Texts),
}

impl Networks {
    /// A constant that is no network is a mistake of whoever wrote the query; in a column it is null.
    fn new(texts: Texts) -> Result<Self> {
        match texts {
            Texts::Same(None) => Ok(Self::Same(None)),
            Texts::Same(Some(text)) => match Self::parse(&text) {
                Some(networks) => Ok(Self::Same(Some(networks))),
                None => exec_err!("`{text}` is no network: write it as 10.0.0.0/8, several with commas"),
            },
            each @ Texts::Each(_) => Ok(Self::Each(each)),
        }
    }

    fn parse(text: &str) -> Option<Vec<Network>> {
        text.split(',').map(Network::parse).collect()
    }

    fn contain(&self, row: usize, address: [u8; 16]) -> Option<bool> {
        match self {
            Self::Same(networks) => Some(networks.as_ref()?.iter().any(|network| network.contains(address))),
            Self::Each(texts) => Some(Self::parse(texts.get(row)?)?.iter().any(|network| network.contains(address))),
        }
    }
}

fn ip_in_cidr(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (addresses, networks) = (texts(args, 0)?, Networks::new(texts(args, 1)?)?);
    let answer = |row: usize| networks.contain(row, key(parse(addresses.get(row)?)?));
    let truths: BooleanArray = (0..rows(args)).map(answer).collect();
    result(args, Arc::new(truths))
}

/// Addresses by row, written as text or as `ip_key` gives them.
pub(super) enum Addresses {
    Keys(BinaryArray),
    Written(StringArray),
}

impl Addresses {
    /// Those of the argument at `index`.
    pub(super) fn new(args: &ScalarFunctionArgs, index: usize) -> Result<Self> {
        let given = array(args, index)?;
        match given.as_binary_opt::<i32>() {
            Some(keys) => Ok(Self::Keys(keys.clone())),
            None => Ok(Self::Written(arrow::compute::cast(&given, &DataType::Utf8)?.as_string::<i32>().clone())),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<[u8; 16]> {
        match self {
            Self::Keys(keys) => keys.is_valid(row).then(|| keys.value(row).try_into().ok()).flatten(),
            Self::Written(written) => written.is_valid(row).then(|| parse(written.value(row)).map(key)).flatten(),
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Keys(_) => None,
            Self::Written(written) => written.is_valid(row).then(|| written.value(row)),
        }
    }
}

fn cidr_contains(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let networks = Networks::new(texts(args, 0)?)?;
    let addresses = Addresses::new(args, 1)?;
    let truths: BooleanArray = (0..rows(args)).map(|row| networks.contain(row, addresses.get(row)?)).collect();
    result(args, Arc::new(truths))
}

fn ip_key(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let written = texts(args, 0)?;
    let keys: Vec<Option<[u8; 16]>> = (0..rows(args)).map(|row| Some(key(parse(written.get(row)?)?))).collect();
    let keys: BinaryArray = keys.iter().map(|key| key.as_ref().map(|key| key.as_slice())).collect();
    result(args, Arc::new(keys))
}

fn is_ip(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let written = texts(args, 0)?;
    let truths: BooleanArray = (0..rows(args)).map(|row| Some(parse(written.get(row)?).is_some())).collect();
    result(args, Arc::new(truths))
}

fn is_private_ip(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let written = texts(args, 0)?;
    let is_private = |row: usize| {
        Some(match parse(written.get(row)?)? {
            IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
            }
        })
    };
    let truths: BooleanArray = (0..rows(args)).map(is_private).collect();
    result(args, Arc::new(truths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let holds = |network: &str, address: &str| {
            Network::parse(network).map(|network| network.contains(key(parse(address).unwrap())))
        };
        assert_eq!(holds("10.0.0.0/8", "10.255.1.2"), Some(true));
        assert_eq!(holds("10.0.0.0/8", "11.0.0.0"), Some(false));
        assert_eq!(holds("10.1.2.3/8", "10.255.1.2"), Some(true));
        assert_eq!(holds("0.0.0.0/0", "255.255.255.255"), Some(true));
        assert_eq!(holds("0.0.0.0/0", "2001:db8::1"), Some(false));
        assert_eq!(holds("2001:db8::/32", "2001:db8:1::1"), Some(true));
        assert_eq!(holds("::/0", "2001:db8:1::1"), Some(true));
        assert_eq!(holds("192.0.2.1", "192.0.2.1"), Some(true));
        for wrong in ["10.0.0.0/33", "x/8", "10.0.0.0/", "", "::/129", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}
