// What became of one attempt to deliver a notification. Easy to get wrong: "refused" is for what no
// second try can mend, and only for that.

export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly why: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly why: string };
