// Loaded before the servers (`node --require`): whatever they listen on, they listen on 127.0.0.1 only.
// The servers offer no host option and would otherwise be open to every machine that reaches this one.
'use strict';

const net = require('node:net');

const LOOPBACK = '127.0.0.1';
const listen = net.Server.prototype.listen;

function isPort(value) {
  return value === undefined || value === null || typeof value === 'number' || /^\d+$/.test(String(value));
}

net.Server.prototype.listen = function listenOnLoopback(first, ...rest) {
  if (first !== null && typeof first === 'object') {
    // An options object, or (with a _handle or fd) a socket that is already bound.
    const options = 'port' in first && !first.path ? { ...first, host: LOOPBACK } : first;
    return listen.call(this, options, ...rest);
  }
  if (typeof first === 'function') {
    return listen.call(this, { port: 0, host: LOOPBACK }, first);
  }
  if (!isPort(first)) {
    return listen.call(this, first, ...rest); // a path: a Unix socket
  }
  const callback = rest.find((argument) => typeof argument === 'function');
  const backlog = rest.find((argument) => typeof argument === 'number');
  return listen.call(this, { port: Number(first ?? 0), host: LOOPBACK, backlog }, callback);
};
