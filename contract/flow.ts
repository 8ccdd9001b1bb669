// One flow through a typed TypeScript client: `node flow.js ADDRESS KEY`.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { argv: string[]; exitCode: number };

const [address, key] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${key}` },
});

function needed<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

await client.POST("/api/customers", { body: { id: "TYPESCRIPT", name: "Ts Ltd", country: "DE" } });
const draft = needed(
  await client.POST("/api/invoices", {
    body: {
      customerId: "TYPESCRIPT",
      currency: "EUR",
      lines: [{ description: "Stove", quantity: "1", unitPrice: "100", taxRate: "19" }],
    },
  }),
);
const place = { params: { path: { invoice_id: draft.id } } };
const edited = needed(
  await client.PATCH("/api/invoices/{invoice_id}", {
    ...place,
    body: { memo: "Thank you.", rowVersion: draft.rowVersion },
  }),
);
const stale = await client.PATCH("/api/invoices/{invoice_id}", {
  ...place,
  body: { memo: "Too late.", rowVersion: draft.rowVersion },
});
if (stale.error?.code !== "row-version-conflict") throw new Error("A stale change was accepted.");
needed(
  await client.POST("/api/invoices/{invoice_id}/post", {
    ...place,
    body: { rowVersion: edited.rowVersion, expectedTotal: "119.00" },
  }),
);
const found = needed(await client.GET("/api/invoices/{invoice_id}", place));
if (found.status !== "Posted" || found.memo !== "Thank you.") throw new Error("It is not posted.");
console.log(`TypeScript client: ${found.number} is posted.`);
