import { expect, it } from "vitest";
import { Html, html } from "../../../../../scripts/report/html/markup.ts";

it("escapes all that is put in, in texts and attributes, and leaves its own markup as it is", () => {
  const hostile = `<script>alert(1)</script>" onload='x' & </style>`;
  const { text } = html`<p title="${hostile}">${[hostile, html`<b>${hostile}</b>`]}</p>`;
  const escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp; &lt;/style&gt;";
  expect(text).toBe(`<p title="${escaped}">${escaped}<b>${escaped}</b></p>`);
});

it("shows by its number what cannot be seen or turns the direction, and keeps ends of lines", () => {
  expect(html`${"a\u0000b\u001b[31mc\u202ed\u2066\r\n\te\u0085"}`.text).toBe(
    "a\\u{0}b\\u{1b}[31mc\\u{202e}d\\u{2066}\\u{d}\n\te\\u{85}",
  );
});

it("takes what a file holds in place of a text for a text", () => {
  const broken = { toString: () => "<i>" } as unknown as string;
  expect(html`${broken}${undefined as unknown as string}${0}${new Html("<hr>")}`.text).toBe("&lt;i&gt;0<hr>");
});
