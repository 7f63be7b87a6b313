"""The configured world, frozen: potlines and pots, meters and their register maps, factors. Nothing here parses."""
