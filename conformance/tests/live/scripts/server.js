// A server to which the host under test connects: what it heard it says again in capitals.
const net = require('node:net');

const server = net.createServer({ allowHalfOpen: true }, (one) => {
  const heard = [];
  one.on('data', (part) => heard.push(part));
  one.on('end', () => {
    const all = Buffer.concat(heard);
    one.end(all.toString().toUpperCase());
    process.stderr.write(`${all.length} octets from ${one.remoteAddress}\n`);
    server.close();
  });
});
server.listen(8000, process.env.NETASSAY_PEER_V4);
