import type { ComponentChildren } from 'preact'

/** A part of the explanation under its question. */
export const Section = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="part">
    <h3>{title}</h3>
    {children}
  </section>
)
