//! floor 0: the ports that schemes of URLs stand for (RFC 3986 section 3.2.3).

/// Schemes with their default ports, in order of name. Each port is one that IANA assigned to the service, but for
/// those of `irc` and `ircs`, which are what programs take (RFC 7194).
pub const SCHEMES: &[(&str, u16)] = &[
    ("amqp", 5672),
    ("amqps", 5671),
    ("coap", 5683),
    ("coaps", 5684),
    ("dict", 2628),
    ("dns", 53),
    ("ftp", 21),
    ("ftps", 990),
    ("git", 9418),
    ("gopher", 70),
    ("http", 80),
    ("https", 443),
    ("imap", 143),
    ("imaps", 993),
    ("ipp", 631),
    ("ipps", 631),
    ("irc", 6667),
    ("ircs", 6697),
    ("ldap", 389),
    ("ldaps", 636),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("mysql", 3306),
    ("nfs", 2049),
    ("nntp", 119),
    ("pop", 110),
    ("pop3s", 995),
    ("postgresql", 5432),
    ("redis", 6379),
    ("rsync", 873),
    ("rtsp", 554),
    ("rtsps", 322),
    ("sftp", 22),
    ("sip", 5060),
    ("sips", 5061),
    ("smtp", 25),
    ("ssh", 22),
    ("stun", 3478),
    ("stuns", 5349),
    ("svn", 3690),
    ("telnet", 23),
    ("tftp", 69),
    ("turn", 3478),
    ("turns", 5349),
    ("vnc", 5900),
    ("ws", 80),
    ("wss", 443),
    ("xmpp", 5222),
];

/// The default port of a scheme, in upper or lower case.
pub fn port_of_scheme(scheme: &str) -> Option<u16> {
    SCHEMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, port)| *port)
}
