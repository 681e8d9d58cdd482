// The npm package `node-osc` as a client: sets, gets and subscribes over UDP.  node node_osc.js PORT
// It sends and receives on different sockets, so one socket of its server does both here.
const {Server, Client} = require('node-osc');
const {encode} = require('node-osc');
const dgram = require('dgram');
const port = Number(process.argv[2]);
const fail = (why) => { console.log('failed: ' + why); process.exit(1); };
setTimeout(() => fail('no answer in 5 s'), 5000);

const other = new Client('127.0.0.1', port);
const server = new Server(0, '127.0.0.1', () => {
  ask('/mix/a/fader', -9);
  ask('/mix/a/fader');
});
// A client that sends from the server's socket, so that answers come back to it.
const asking = new Client('127.0.0.1', port);
asking._sock.close();
asking._sock = server._sock;
const ask = (...message) => asking.send(message.length > 1 ? message : message[0], () => {});

let step = 0;
server.on('message', ([address, value]) => {
  if (step === 0 && address === '/mix/a/fader') {
    if (Math.abs(value + 9) > 1e-6) fail('get answered ' + value);
    step = 1;
    ask('/subscribe', '/mix/a/fader');
  } else if (step === 1 && address === '/done') {
    step = 2;
    other.send(['/mix/a/fader', -2], () => {});
  } else if (step === 2 && address === '/mix/a/fader') {
    if (value !== -2) fail('subscription sent ' + value);
    console.log('set, got and subscribed');
    process.exit(0);
  }
});
