// Sends page views, web vitals and uncaught errors of a page as Beaconmart's NDJSON. Needs web-vitals 6 or newer.
//   import {collect} from './collect.js'; collect({endpoint: '/collect', release: '2026.45.1'});
import {onCLS, onFCP, onINP, onLCP, onTTFB} from 'web-vitals/attribution';

const uuid = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

// A body has at most so many bytes, and so has a line: of one that is longer the texts are cut until it fits.
const LIMIT = 28000, bytes = (text) => new TextEncoder().encode(text).length, request = globalThis.fetch?.bind(globalThis);
const line = (row) => {
  for (let most = 8000; ; most >>= 1) {
    const text = JSON.stringify(row, (_, value) => typeof value !== 'string' ? value : whole(value.slice(0, most))) + '\n';
    if (bytes(text) <= LIMIT || most < 16) return text;
  }
};
const whole = (text) => text.toWellFormed?.() ?? text.replace(/[\ud800-\udbff]$/, '');  // half a character is no valid JSON

export function collect({endpoint, ...context}) {
  const queues = {beacons: [], errors: []}, views = new Map();
  let session = uuid(), timer, page, errors = 0, busy = false;
  try {  // one session for a tab until it was left alone for 30 minutes; without storage, one for the page
    const [id, seen] = (sessionStorage.getItem('beaconmart') ?? '').split(' ');
    if (Date.now() - seen < 18e5) session = id;
    sessionStorage.setItem('beaconmart', `${session} ${Date.now()}`);
  } catch {}

  // One batch is on its way while the page lives, so that one more fits into the 64 kB that browsers keep for a page that goes.
  const post = async (url, body, leaving) => {
    try { if (leaving && navigator.sendBeacon(url, body)) return; } catch {}  // a string goes as text/plain, which needs no CORS preflight
    try { await request(url, {method: 'POST', body, keepalive: !leaving}); } catch {
      try { await request(url, {method: 'POST', body}); } catch {}  // what cannot be sent is no error of the site
    }
  };
  const flush = (leaving) => Object.entries(queues).forEach(([feed, queue]) => {
    while (queue.length && (leaving || !busy)) {
      let body = queue.shift();
      while (queue.length && bytes(body) + bytes(queue[0]) <= LIMIT) body += queue.shift();
      const sent = post(`${endpoint}/${feed}`, body, leaving);
      if (!leaving) busy = true, sent.then(() => { busy = false; flush(document.visibilityState === 'hidden'); });
    }
  });
  const send = (feed, row) => {
    try { queues[feed].push(line({...context, session_id: session, ...row})); } catch { return; }
    clearTimeout(timer);
    const hidden = document.visibilityState === 'hidden';  // a hidden page may never run again
    if (hidden || queues[feed].length > 20 || bytes(queues[feed].join('')) > LIMIT) flush(hidden);
    else timer = setTimeout(flush, 5000);
  };
  // All reports of one navigation, bfcache restore or soft navigation share its start time: it names the page view.
  const viewOf = ({navigationStartTime: start = 0, navigationURL: url = location.href, navigationType}) => {
    if (views.has(start)) return views.get(start);
    views.set(start, page = {page_view_id: uuid(), url, referrer: document.referrer, ua: navigator.userAgent,
      ...(navigator.maxTouchPoints > 1 && /Macintosh/.test(navigator.userAgent) && {device: 'tablet', os: 'iOS'}),  // an iPad says it is a Mac
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, connection: navigator.connection?.effectiveType});
    send('beacons', {...page, name: 'page_view', id: page.page_view_id, navigationType, navigationStartTime: start});
    return page;
  };
  const plain = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => Object(value) !== value));
  const report = ({entries, attribution, ...metric}) => send('beacons', {...viewOf(metric), ...metric, attribution: plain(attribution)});
  const fail = (message, {name: type, stack} = {}) => ++errors <= 50 && send('errors', {
    message: String(message), type, stack, handled: false, url: location.href, page_view_id: page?.page_view_id});
  addEventListener('error', ({message, error}) => fail(message, error ?? {}));
  addEventListener('unhandledrejection', ({reason}) => fail(reason?.message ?? reason, Object(reason)));
  [onTTFB, onFCP, onLCP, onINP, onCLS].forEach((on) => on(report, {reportSoftNavs: true}));
  addEventListener('pageshow', ({persisted, timeStamp}) => persisted && viewOf({navigationStartTime: timeStamp, navigationType: 'back-forward-cache'}));
  ['pagehide', 'visibilitychange'].forEach((type) => addEventListener(type, () => flush(type === 'pagehide' || document.visibilityState === 'hidden'), true));  // what is left when a page goes
  const first = () => viewOf({navigationType: performance.getEntriesByType('navigation')[0]?.type.replace('_', '-')});
  document.prerendering ? document.addEventListener('prerenderingchange', first, {once: true}) : first();
}
