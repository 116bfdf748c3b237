// A client of the echo service and of the web server, by Node's sockets and its HTTP client.
const crypto = require('node:crypto');
const http = require('node:http');
const net = require('node:net');

const sent = crypto.randomBytes(1_000_000);
for (const [family, host] of [['v4', process.env.NETASSAY_V4], ['v6', process.env.NETASSAY_V6]]) {
  const heard = [];
  const one = net.connect({ host, port: 7, allowHalfOpen: true }, () => one.end(sent));
  one.on('data', (part) => heard.push(part));
  one.on('end', () => console.log(`${family} echo ${Buffer.concat(heard).equals(sent)}`));
  net.connect({ host, port: 4 }).on('error', (error) => console.log(`${family} refused ${error.code}`));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let left = 3;
  const ports = new Set();
  for (let number = 1; number <= 3; number += 1) {
    http.get({ host, path: `/count/${number * 2}`, agent }, (response) => {
      ports.add(response.socket.localPort);
      let text = '';
      response.on('data', (part) => { text += part; });
      response.on('end', () => {
        console.log(`${family} http ${response.statusCode} ${JSON.stringify(text)}`);
        left -= 1;
        if (left > 0) return;
        console.log(`${family} connections ${ports.size}`);
        agent.destroy();
      });
    });
  }
}
