"""How far a judge can be trusted, measured offline from labelled examples."""
