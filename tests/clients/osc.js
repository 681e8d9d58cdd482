// The npm package `osc` as a client: sets, gets and subscribes.  node osc.js udp|tcp PORT
const osc = require('osc');
const [transport, port] = [process.argv[2], Number(process.argv[3])];
const make = () => transport === 'udp'
  ? new osc.UDPPort({localAddress: '127.0.0.1', localPort: 0, remoteAddress: '127.0.0.1', remotePort: port, metadata: true})
  : new osc.TCPSocketPort({address: '127.0.0.1', port, metadata: true});

const fail = (why) => { console.log('failed: ' + why); process.exit(1); };
setTimeout(() => fail('no answer in 5 s'), 5000);
const client = make(), other = make();
const send = (to, address, ...args) => to.send({address, args});
const float = (value) => ({type: 'f', value});

let step = 0;
client.on('message', (m) => {
  const value = m.args.length ? m.args[0].value : undefined;
  if (step === 0 && m.address === '/mix/a/fader') {
    if (Math.abs(value + 12) > 1e-6) fail('get answered ' + value);
    step = 1;
    send(client, '/subscribe', {type: 's', value: '/mix/a/fader'});
  } else if (step === 1 && m.address === '/done') {
    step = 2;
    send(other, '/mix/a/fader', float(-3));
  } else if (step === 2 && m.address === '/mix/a/fader') {
    if (value !== -3) fail('subscription sent ' + value);
    console.log('set, got and subscribed over ' + transport);
    process.exit(0);
  }
});
let ready = 0;
const begin = () => {
  if (++ready < 2) return;
  send(client, '/mix/a/fader', float(-12));
  send(client, '/mix/a/fader');
};
for (const c of [client, other]) {
  c.on('error', (e) => fail(e.message));
  c.on('ready', begin);
  c.open();
}
