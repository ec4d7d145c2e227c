import { BlockList, isIP } from 'node:net';

/**
 * Addresses that a server must not be talked into visiting for a client: itself, its own network, the
 * metadata services of clouds, and the ranges that carry such addresses in another dress.
 */
const v4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, metadata services
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4],
];

const v6: readonly (readonly [string, number])[] = [
  ['::', 96], // unspecified, loopback, IPv4-compatible
  ['64:ff9b::', 96], // NAT64
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23], // Teredo and other special uses
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

function makeList(): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of v4) list.addSubnet(net, prefix, 'ipv4');
  for (const [net, prefix] of v6) list.addSubnet(net, prefix, 'ipv6');
  return list;
}

/** Whether an IP address is one of those; IPv4 in IPv6 form counts as IPv4. Text that is no address counts too. */
export function makePrivateTest(): (address: string) => boolean {
  const list = makeList();
  return (address) => {
    const bare = address.split('%')[0] ?? address; // without a zone
    const family = isIP(bare);
    return family === 0 || list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
  };
}
