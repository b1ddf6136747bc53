// Sends page views, web vitals and uncaught errors of a page as Beaconmart's NDJSON. Needs web-vitals 6 or newer.
//   import {collect} from './collect.js'; collect({endpoint: '/collect', release: '2026.45.1'});
import {onCLS, onFCP, onINP, onLCP, onTTFB} from 'web-vitals/attribution';

const uuid = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

export function collect({endpoint, ...context}) {
  const queues = {beacons: [], errors: []}, views = new Map();
  let session = uuid(), timer, page, errors = 0;
  try {  // one session for a tab until it was left alone for 30 minutes; without storage, one for the page
    const [id, seen] = (sessionStorage.getItem('beaconmart') ?? '').split(' ');
    if (Date.now() - seen < 18e5) session = id;
    sessionStorage.setItem('beaconmart', `${session} ${Date.now()}`);
  } catch {}

  const flush = () => Object.entries(queues).forEach(([feed, queue]) => {
    const body = queue.splice(0).map((row) => row + '\n').join('');  // a string goes as text/plain, which needs no CORS preflight
    if (body) navigator.sendBeacon(`${endpoint}/${feed}`, body) || fetch(`${endpoint}/${feed}`, {method: 'POST', body, keepalive: true});
  });
  const send = (feed, row) => {
    queues[feed].push(JSON.stringify({...context, session_id: session, ...row}));
    clearTimeout(timer);
    if (document.visibilityState === 'hidden' || queues[feed].length > 20) flush();  // a hidden page may never run again
    else timer = setTimeout(flush, 5000);
  };
  // All reports of one navigation, bfcache restore or soft navigation share its start time: it names the page view.
  const viewOf = ({navigationStartTime: start = 0, navigationURL: url = location.href, navigationType}) => {
    if (views.has(start)) return views.get(start);
    views.set(start, page = {page_view_id: uuid(), url, referrer: document.referrer, ua: navigator.userAgent,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, connection: navigator.connection?.effectiveType});
    send('beacons', {...page, name: 'page_view', id: page.page_view_id, navigationType, navigationStartTime: start});
    return page;
  };
  const plain = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => Object(value) !== value));
  const report = ({entries, attribution, ...metric}) => send('beacons', {...viewOf(metric), ...metric, attribution: plain(attribution)});
  const fail = (message, {name: type, stack} = {}) => ++errors <= 50 && send('errors', {
    message: String(message), type, stack: stack?.slice(0, 8000), handled: false, url: location.href, page_view_id: page?.page_view_id});
  addEventListener('error', ({message, error}) => fail(message, error ?? {}));
  addEventListener('unhandledrejection', ({reason}) => fail(reason?.message ?? reason, Object(reason)));
  [onTTFB, onFCP, onLCP, onINP, onCLS].forEach((on) => on(report, {reportSoftNavs: true}));
  addEventListener('pageshow', ({persisted, timeStamp}) => persisted && viewOf({navigationStartTime: timeStamp, navigationType: 'back-forward-cache'}));
  ['pagehide', 'visibilitychange'].forEach((type) => addEventListener(type, flush, true));  // what is left when a page goes
  const first = () => viewOf({navigationType: performance.getEntriesByType('navigation')[0]?.type.replace('_', '-')});
  document.prerendering ? document.addEventListener('prerenderingchange', first, {once: true}) : first();
}
