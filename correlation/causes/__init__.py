"""What does each sort of evidence say about the cause? One file a sort; correlation/rootcause.py weighs them."""
