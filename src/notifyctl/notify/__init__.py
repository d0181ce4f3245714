"""Ways to tell people: each turns a notice into one request or one process, within a bounded time, and says what came
of it. None of them sends mail: who watches the mail does not tell of it by mail."""
