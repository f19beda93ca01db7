"""What words of a file or a link became on a page in a real browser: anything but text is wrong."""

from __future__ import annotations

from typing import Any

from hostile import HOST

FOUND = r"""(host) => {
    const wrong = [];
    const markdown = '[data-testid=stMarkdownContainer]';
    const formatting = 'strong, em, del, a, h1, blockquote, .katex, .stMarkdownBadge, .stMarkdownColoredText';
    const turning = /[\u202a-\u202e\u2066-\u2069]/;
    const look = (root) => {
        for (const one of root.querySelectorAll('*')) {
            if (one.shadowRoot) look(one.shadowRoot);
            const where = one.outerHTML.slice(0, 300);
            for (const name of ['href', 'src', 'xlink:href', 'data', 'action', 'style'])
                if ((one.getAttribute(name) || '').includes(host)) wrong.push(name + ': ' + where);
            if (['SCRIPT', 'STYLE'].includes(one.tagName)) {
                if (one.textContent.includes(host)) wrong.push(where);
                continue;
            }
            const texts = [...one.childNodes].filter((child) => child.nodeType === 3);
            const own = texts.map((child) => child.data).join(' ');
            if (turning.test(own)) wrong.push('direction: ' + where);
            if (one.dataset?.testid === 'stIconMaterial' && own === 'delete') wrong.push('icon: ' + where);
            if (!/h\d+z/.test(own)) continue;
            if (one.closest(formatting)) wrong.push('formatted: ' + where);
            if (one.closest(markdown) && !one.closest('code')) wrong.push('read as Markdown: ' + where);
        }
    };
    look(document);
    return wrong;
}"""
"""Links, images, icons, formatting and direction controls made of such words, in the page and its shadow roots. Where
Streamlit reads Markdown they may stand in a code span only."""


MARKED = r"""() => {
    const marked = (root) => [...root.querySelectorAll('*')].some((one) =>
        (one.shadowRoot && marked(one.shadowRoot))
        || [...one.childNodes].some((child) => child.nodeType === 3 && /h\d+z/.test(child.data)));
    return marked(document.body);
}"""


def shows_marks(page: Any) -> bool:
    """Whether such words stand on a page at all."""
    found: bool = page.evaluate(MARKED)
    return found


def wrong_on(page: Any) -> list[str]:
    """What is wrong on a page now, a line for each place."""
    found: list[str] = page.evaluate(FOUND, HOST)
    return found


def asked_elsewhere(page: Any) -> list[str]:
    """Requests that go elsewhere, and dialogs, from now on; the list grows."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if HOST in request.url.split("?")[0] else None)
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    return asked
