// Loaded before the suite of amqplib, which knows a broker at the default port only: that port means the one under test.
'use strict';

const net = require('node:net');

const connect = net.connect;
net.connect = function (...args) {
  const [options] = args;
  if (options !== null && typeof options === 'object' && Number(options.port) === 5672) {
    args[0] = { ...options, port: Number(process.env.AMQP_PORT) };
  } else if (Number(options) === 5672) {
    args[0] = Number(process.env.AMQP_PORT);
  }

  return connect.apply(this, args);
};
