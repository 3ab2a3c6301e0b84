//! Networks as values: Trino's `IPPREFIX`, which is text here, the first address and how many of its bits count.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{BinaryArray, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{Texts, each_text, integers, result, rows, texts};
use super::network::{Addresses, Network};
use super::scalar::{Definition, Kind, define};

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("network", &[Kind::Text], |_| DataType::Utf8, network, "network('10.1.2.3/8')", "a network as its first address and its bits, `10.0.0.0/8`; null for what is none"),
    define("try_network", &[Kind::Text], |_| DataType::Utf8, try_network, "try_network(text)", "the same; also a constant that is no network is null"),
    define("ip_prefix", &[Kind::Any, Kind::Integer], |_| DataType::Utf8, ip_prefix, "ip_prefix(address, bits)", "the network of so many bits that an address lies in; the address as text or as `ip_key` gives it"),
    define("is_subnet_of", &[Kind::Text, Kind::Any], |_| DataType::Boolean, is_subnet_of, "is_subnet_of(network, x)", "whether an address or a network lies in a network"),
    define("ip_subnet_min", &[Kind::Text], |_| DataType::Binary, subnet_min, "ip_subnet_min(network)", "the first address of a network, as `ip_key` gives it"),
    define("ip_subnet_max", &[Kind::Text], |_| DataType::Binary, subnet_max, "ip_subnet_max(network)", "the last address of a network, as `ip_key` gives it"),
    define("ip_text", &[Kind::Any], |_| DataType::Utf8, ip_text, "ip_text(key)", "the text of an address that `ip_key` gives"),
];

/// Bits before those of an IPv4 address.
const BITS_BEFORE_V4: u32 = 96;

fn address(bits: u128) -> IpAddr {
    let address = Ipv6Addr::from(bits);
    address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4)
}

fn written(network: Network) -> String {
    let length = network.mask.leading_ones();
    match address(network.bits) {
        IpAddr::V4(first) if length >= BITS_BEFORE_V4 => format!("{first}/{}", length - BITS_BEFORE_V4),
        _ => format!("{}/{length}", Ipv6Addr::from(network.bits)),
    }
}

fn network(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let given = texts(args, 0)?;
    if let Texts::Same(Some(text)) = &given
        && Network::parse(text).is_none()
    {
        return exec_err!("`{text}` is no network: write it as 10.0.0.0/8");
    }
    each_text(args, |row| Network::parse(given.get(row)?).map(written))
}

fn try_network(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let given = texts(args, 0)?;
    each_text(args, |row| Network::parse(given.get(row)?).map(written))
}

fn ip_prefix(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (addresses, lengths) = (Addresses::new(args, 0)?, integers(args, 1)?);
    each_text(args, |row| {
        let address = address(u128::from_be_bytes(addresses.get(row)?));
        Network::parse(&format!("{address}/{}", u8::try_from(lengths.get(row)?).ok()?)).map(written)
    })
}

fn is_subnet_of(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (networks, others) = (texts(args, 0)?, Addresses::new(args, 1)?);
    let lies_in = |row: usize| {
        let network = Network::parse(networks.get(row)?)?;
        if let Some(address) = others.get(row) {
            return Some(network.contains(address));
        }
        let other = Network::parse(others.text(row)?)?;
        Some(other.mask & network.mask == network.mask && network.contains(other.bits.to_be_bytes()))
    };
    let truths: BooleanArray = (0..rows(args)).map(lies_in).collect();
    result(args, Arc::new(truths))
}

fn bound(args: &ScalarFunctionArgs, of: fn(Network) -> u128) -> Result<ColumnarValue> {
    let networks = texts(args, 0)?;
    let bound = |row: usize| Some(of(Network::parse(networks.get(row)?)?).to_be_bytes());
    let bounds: Vec<Option<[u8; 16]>> = (0..rows(args)).map(bound).collect();
    let bounds: BinaryArray = bounds.iter().map(|key| key.as_ref().map(|key| key.as_slice())).collect();
    result(args, Arc::new(bounds))
}

fn subnet_min(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    bound(args, |network| network.bits)
}

fn subnet_max(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    bound(args, |network| network.bits | !network.mask)
}

fn ip_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let addresses = Addresses::new(args, 0)?;
    each_text(args, |row| Some(address(u128::from_be_bytes(addresses.get(row)?)).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_by_their_first_address() {
        for (given, expected) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8:1::1/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(Network::parse(given).map(written).as_deref(), Some(expected));
        }
    }
}
