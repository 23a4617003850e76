"""What the simulator is made of: invented figures (`world`), answers of the GraphQL server (`graph`), pages (`site`), samples (`samples`)."""
