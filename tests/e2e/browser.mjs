// Plays the browser of an account's administrator: opens the launch page, goes where it leads, confirms.
//
// Owns what a browser would do by itself: a Referer that tells other sites the origin alone, redirects one by one, forms
// posted with their hidden fields. No cookies and no scripts; the way must work without either.

/** One page as the browser has it. */
class Page {
  constructor(url, status, html, next) {
    this.url = url;
    this.status = status;
    this.html = html;
    /** Where it would have led, for a browser that was told to stay. */
    this.next = next;
  }

  /** Absolute targets of all links. */
  get links() {
    return [...this.html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/gi)].map(([, href]) => new URL(unescape(href), this.url).href);
  }

  /** All forms with their fields; a ticked or first radio of a group stands for the group. */
  get forms() {
    return [...this.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, body]) => {
      const fields = new URLSearchParams();
      for (const [tag] of body.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
        const name = attribute(tag, 'name');
        const kind = attribute(tag, 'type') ?? (tag.startsWith('<button') ? 'submit' : 'text');
        if (!name || kind === 'submit') continue;
        const value = attribute(tag, 'value') ?? '';
        const ticked = /\bchecked\b/i.test(tag);
        if (kind === 'radio') {
          if (ticked || !fields.has(name)) fields.set(name, value);
        } else if (kind !== 'checkbox' || ticked) {
          fields.append(name, value);
        }
      }
      const buttons = [...body.matchAll(/<button\b[^>]*>/gi)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value') ?? '']);
      const options = [...body.matchAll(/<input\b[^>]*>/gi)]
        .filter(([tag]) => attribute(tag, 'type') === 'radio')
        .map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value') ?? '']);
      return {
        action: new URL(unescape(attribute(`<form ${head}>`, 'action') ?? ''), this.url).href,
        method: (attribute(`<form ${head}>`, 'method') ?? 'get').toUpperCase(),
        fields,
        buttons,
        options,
      };
    });
  }
}

/** Opens a URL, coming from `from` if given, and follows redirects unless it shall `stay`. `language` is what the browser
 * prefers. */
export async function open(url, { from, method = 'GET', body, language = 'zh-CN,zh;q=0.9,en;q=0.5', stay = false } = {}) {
  let referer = from && refererFor(from, url);
  for (let hop = 0; hop < 10; hop += 1) {
    const response = await fetch(url, {
      method,
      body,
      redirect: 'manual',
      headers: {
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15',
        accept: 'text/html',
        ...(referer ? { referer } : {}),
        'accept-language': language,
        ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
    });
    const next = response.headers.get('location');
    if (!next || response.status < 300 || response.status > 399) {
      return new Page(url, response.status, await response.text());
    }
    await response.arrayBuffer();
    const target = new URL(next, url).href;
    if (stay) return new Page(url, response.status, '', target);
    referer = refererFor(url, target);
    url = target;
    if (response.status !== 307 && response.status !== 308) {
      method = 'GET';
      body = undefined;
    }
  }
  throw new Error(`more than 10 redirects, last to ${new URL(url).origin}`);
}

/** Submits a form of a page with some of its fields set otherwise; options as for `open`. */
export function submit(page, form, changes = {}, options = {}) {
  const fields = new URLSearchParams(form.fields);
  for (const [name, value] of Object.entries(changes)) fields.set(name, value);
  if (form.method === 'GET') {
    const url = new URL(form.action);
    for (const [name, value] of fields) url.searchParams.set(name, value);
    return open(url.href, { ...options, from: page.url });
  }
  return open(form.action, { ...options, from: page.url, method: 'POST', body: fields.toString() });
}

/** What `strict-origin-when-cross-origin`, the default of every browser, lets another page know. */
function refererFor(from, to) {
  const [source, target] = [new URL(from), new URL(to)];
  if (source.protocol === 'https:' && target.protocol === 'http:') return undefined;
  source.hash = '';
  return source.origin === target.origin ? source.href : `${source.origin}/`;
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\b${name}="([^"]*)"`, 'i'));
  return found ? unescape(found[1]) : undefined;
}

function unescape(text) {
  return text
    .replaceAll('&#x27;', "'")
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
