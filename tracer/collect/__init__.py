"""Where records come from: one module a source, all behind the one question of `tracer.collect.interface`."""
