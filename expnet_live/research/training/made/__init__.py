"""Made pictures: heads of the ICT Face Model Light with the skin of photos, drawn with all 52 actions known exactly.

They teach what photos and their teacher do not: sides that differ, a sideways jaw, puffed cheeks, the tongue.
"""
